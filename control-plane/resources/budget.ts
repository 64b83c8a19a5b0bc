// Budget: how much of what may be used, by whom, of which models, in which window. The document alone: who counts it is
// ledger/, and amounts are integers throughout (money in micro-units of the currency).
import { z } from "zod";
import { isTimeZone } from "../usage/time-zone.js";
import { isPrivateHost } from "./address.js";
import { idSchema } from "./common.js";
import { modelNameSchema } from "./model-route.js";
import { priorityClassSchema } from "./priority-class.js";

const MODELS_MAX = 100;
const PERCENT_MAX = 100;
/** The shortest month has 28 days: a later first day would not exist in all of them. */
const MONTH_START_DAY_MAX = 28;

export const BUDGET_MEASURES = [
  "input_tokens",
  "output_tokens",
  "total_tokens",
  "weighted_tokens",
  "requests",
  "concurrent_requests",
  "cost",
] as const;
export type BudgetMeasure = (typeof BUDGET_MEASURES)[number];

export const BUDGET_WINDOWS = ["second", "minute", "hour", "day", "week", "month", "total"] as const;
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

/** Windows whose beginning depends on where one is. */
const ZONED_WINDOWS: readonly (BudgetWindow | undefined)[] = ["hour", "day", "week", "month"];

export const BUDGET_SCOPES = ["tenant", "department", "application", "consumer"] as const;

function isModelPattern(text: string): boolean {
  const name = text.endsWith("*") ? text.slice(0, -1) : text;
  return text === "*" || modelNameSchema.safeParse(name).success;
}

const amountSchema = z.int().min(0);
const weightSchema = z.int().min(0).max(1_000_000);

const scopeSchema = z
  .strictObject({
    tenant: idSchema.optional(),
    department: idSchema.optional(),
    application: idSchema.optional(),
    consumer: idSchema.optional(),
  })
  .superRefine((scope, context) => {
    const [first, ...others] = BUDGET_SCOPES.filter((kind) => scope[kind] !== undefined);
    for (const kind of others) {
      const mend = `Leave out ${kind}, or ${first}; a request is counted by every budget that covers it.`;
      context.addIssue({ code: "custom", path: [kind], message: `stands beside ${first}`, params: { mend } });
    }
  });

const budgetFields = {
  description: z.string().min(1).max(500).optional().describe("For people; never seen by clients of the gateway."),
  scope: scopeSchema
    .default({})
    .describe("Whose use counts: of one tenant, department, application or consumer; {} = all."),
  models: z
    .array(
      z
        .string()
        .max(256)
        .refine(isModelPattern, { error: "must be a model name, a prefix of one ending in '*', or '*'" }),
    )
    .min(1)
    .max(MODELS_MAX)
    .optional()
    .describe("Public model names, or prefixes ending in '*'; without it all."),
  measure: z.enum(BUDGET_MEASURES).describe("What is counted; cost is in millionths of the currency."),
  weights: z
    .strictObject({ input: weightSchema, cachedInput: weightSchema, output: weightSchema })
    .optional()
    .describe("Thousandths that a token counts; with weighted_tokens only."),
  limit: amountSchema.describe("The most in one window: tokens, requests or millionths of the currency."),
  window: z.enum(BUDGET_WINDOWS).optional().describe("Required, but for concurrent_requests, which have none."),
  timeZone: z
    .string()
    .refine(isTimeZone, { error: "must be an IANA time zone such as Europe/Berlin" })
    .optional()
    .describe("Where hours, days, weeks and months begin; without it UTC."),
  monthStartDay: z
    .int()
    .min(1)
    .max(MONTH_START_DAY_MAX)
    .optional()
    .describe("Day on which months begin; without it 1."),
  weekStart: z.enum(["monday", "sunday"]).optional().describe("Day on which weeks begin; without it monday."),
  reserve: z
    .enum(["strict", "expected"])
    .default("expected")
    .describe("What is set aside before a request: the most that it may use, or an estimate whose excess is a debt."),
  onSpent: z
    .enum(["finish", "cut"])
    .default("finish")
    .describe(
      "What happens to streams that run when the budget is spent: they may finish, or end with an error event.",
    ),
  warnAtPercent: z
    .int()
    .min(1)
    .max(99)
    .optional()
    .describe("From here on replies carry a warning and the webhook is told."),
  webhook: z
    .string()
    .max(2048)
    .optional()
    .describe("URL that is told by POST; https, or anything with allowPrivateAddress."),
  allowPrivateAddress: z
    .boolean()
    .default(false)
    .describe("Permit a webhook with plain http, on this machine or in a private network."),
  reserved: z
    .record(priorityClassSchema, z.int().min(1).max(PERCENT_MAX))
    .optional()
    .describe("Percent of the limit that only requests of this priority class, or of a higher one, may use."),
  shadowMode: z.boolean().default(false).describe("Count and warn, but never refuse."),
  onLedgerLost: z
    .discriminatedUnion("mode", [
      z.strictObject({ mode: z.literal("deny") }),
      z.strictObject({ mode: z.literal("allow"), upTo: amountSchema }),
    ])
    .default({ mode: "deny" })
    .describe(
      "While the ledger is out of reach and the grant is used up: refuse, or let each Envoy use up to this much.",
    ),
};

type Fields = z.output<z.ZodObject<typeof budgetFields>>;
type Refuse = (path: string[], message: string, mend: string) => void;

function checkWindow({ measure, window, timeZone, monthStartDay, weekStart }: Fields, refuse: Refuse): void {
  if (measure === "concurrent_requests") {
    if (window !== undefined) refuse(["window"], "has no meaning for concurrent_requests", "Leave window out.");
  } else if (window === undefined) {
    refuse(["window"], "is required", `Add window: one of ${BUDGET_WINDOWS.join(", ")}.`);
  }
  const named = window === undefined ? "without a window" : `for the window ${window}`;
  if (timeZone !== undefined && !ZONED_WINDOWS.includes(window)) {
    refuse(["timeZone"], `has no meaning ${named}`, "Leave timeZone out.");
  }
  if (monthStartDay !== undefined && window !== "month") {
    refuse(["monthStartDay"], `has no meaning ${named}`, "Leave monthStartDay out, or make window month.");
  }
  if (weekStart !== undefined && window !== "week") {
    refuse(["weekStart"], `has no meaning ${named}`, "Leave weekStart out, or make window week.");
  }
}

function checkWeights({ measure, weights }: Fields, refuse: Refuse): void {
  if (measure === "weighted_tokens" && weights === undefined) {
    refuse(
      ["weights"],
      "is required for weighted_tokens",
      "Add weights: input, cachedInput and output in thousandths.",
    );
  }
  if (measure !== "weighted_tokens" && weights !== undefined) {
    refuse(["weights"], `has no meaning for ${measure}`, "Leave weights out, or make measure weighted_tokens.");
  }
}

function checkWebhook({ webhook, allowPrivateAddress }: Fields, refuse: Refuse): void {
  if (webhook === undefined) return;
  const url = URL.canParse(webhook) ? new URL(webhook) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    refuse(["webhook"], "must be a URL such as https://example.com/budgets", "Correct webhook.");
  } else if (url.username !== "" || url.password !== "") {
    refuse(["webhook"], "must not hold a user name or password", "Leave them out of webhook.");
  } else if (!allowPrivateAddress && url.protocol === "http:") {
    refuse(["webhook"], "must be https:// unless allowPrivateAddress is true", "Use https.");
  } else if (!allowPrivateAddress && isPrivateHost(url.hostname)) {
    const mend = "Set allowPrivateAddress if that is meant, else correct webhook.";
    refuse(["webhook"], "leads to this machine or a private network", mend);
  }
}

function checkReserved({ reserved = {} }: Fields, refuse: Refuse): void {
  const sum = Object.values(reserved).reduce((total, percent) => total + percent, 0);
  if (sum > PERCENT_MAX) refuse(["reserved"], `adds up to ${sum} %`, `Reserve at most ${PERCENT_MAX} % in all.`);
}

function checkTogether(fields: Fields, context: z.RefinementCtx): void {
  const refuse: Refuse = (path, message, mend) => context.addIssue({ code: "custom", path, message, params: { mend } });
  checkWindow(fields, refuse);
  checkWeights(fields, refuse);
  checkWebhook(fields, refuse);
  checkReserved(fields, refuse);
}

export const budgetSchema = z
  .strictObject({ id: idSchema, ...budgetFields })
  .superRefine(checkTogether)
  .meta({ id: "Budget" });
export type Budget = z.output<typeof budgetSchema>;

export const budgetInputSchema = z
  .strictObject({ id: idSchema.optional(), ...budgetFields })
  .superRefine(checkTogether)
  .meta({
    id: "BudgetInput",
    examples: [
      {
        scope: { tenant: "acme" },
        measure: "cost",
        limit: 500_000_000,
        window: "month",
        timeZone: "Europe/Berlin",
        reserve: "strict",
        warnAtPercent: 80,
      },
    ],
  });
