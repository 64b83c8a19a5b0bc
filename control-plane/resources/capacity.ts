// Capacity of a target: what its provider gives, how much of it is kept for whom, and who may wait for it.
import { z } from "zod";
import { RESERVING_TENANTS_MAX } from "../contract.js";
import { idSchema } from "./common.js";
import { priorityClassSchema } from "./priority-class.js";

const WAIT_MS_MIN = 10;
const WAIT_MS_MAX = 30_000;
const WAITING_MAX = 10_000;

const percentSchema = z.int().min(1).max(100);

const capacityFields = {
  tokensPerMinute: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .optional()
    .describe("Tokens, of requests and answers together, that it takes in a minute."),
  concurrentRequests: z.int().min(1).max(65_535).optional().describe("Requests that it takes at once."),
  reserved: z
    .record(priorityClassSchema, percentSchema)
    .default({})
    .describe("Percent of the capacity that a priority class has for itself; lent to others while it does not ask."),
  reservedFor: z
    .array(z.strictObject({ tenant: idSchema.describe("Id of the tenant."), percent: percentSchema }))
    .max(RESERVING_TENANTS_MAX)
    .default([])
    .describe("Percent of the capacity that a tenant has for itself, likewise."),
  queue: z
    .strictObject({
      maxWaitMs: z.int().min(WAIT_MS_MIN).max(WAIT_MS_MAX).describe("The longest that a request waits for room."),
      maxWaiting: z.int().min(1).max(WAITING_MAX).describe("How many requests wait at once."),
    })
    .optional()
    .describe("Without it nobody waits: who finds no room at any target of the model route is refused."),
};

type Fields = z.output<z.ZodObject<typeof capacityFields>>;

function checkTogether(fields: Fields, context: z.RefinementCtx): void {
  const refuse = (path: (string | number)[], message: string, mend: string) =>
    context.addIssue({ code: "custom", path, message, params: { mend } });
  if (fields.tokensPerMinute === undefined && fields.concurrentRequests === undefined) {
    refuse([], "limits nothing", "Add tokensPerMinute, concurrentRequests or both.");
  }
  const shares = [...Object.values(fields.reserved), ...fields.reservedFor.map(({ percent }) => percent)];
  const sum = shares.reduce((all, percent) => all + percent, 0);
  if (sum > 100) {
    refuse(["reserved"], `and reservedFor are ${sum} percent in all`, "Lower them to 100 percent in all, or less.");
  }
  const tenants = fields.reservedFor.map(({ tenant }) => tenant);
  for (const [index, tenant] of tenants.entries()) {
    if (tenants.indexOf(tenant) === index) continue;
    refuse(["reservedFor", index, "tenant"], `'${tenant}' has a share already`, "Leave out one of the two.");
  }
}

export const capacitySchema = z.strictObject(capacityFields).superRefine(checkTogether).meta({ id: "Capacity" });
export type Capacity = z.output<typeof capacitySchema>;
