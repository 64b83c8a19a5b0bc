// How far a budget is used: what the ledger knows now.
import { z } from "zod";
import { OperatorError } from "../errors.js";
import type { Budgets } from "../identity/budgets.js";
import { documentNotFound } from "../identity/documents.js";
import { type BudgetState, type Ledger, LedgerError } from "../ledger/ledger.js";
import { idSchema } from "../resources/common.js";
import type { Operation } from "./operation.js";

const whole = z.int().min(0);

const budgetStateSchema = z
  .strictObject({
    budget: idSchema,
    limit: whole,
    used: whole.describe("What gateways have reported, and what they may have used before they were lost."),
    held: whole.describe("What gateways that run hold for requests, beyond what they have reported."),
    remaining: whole.describe("What nobody holds."),
    unsettled: whole.describe("Part of `used`: held by gateways that are gone, until their logs are replayed."),
    windowStart: z.iso.datetime(),
    windowEnd: z.iso.datetime().optional().describe("When it begins anew; absent for totals and levels."),
    rebuilding: z.boolean().describe("The ledger has lost its data, and grants nothing yet."),
    gateways: whole.describe("How many Envoys hold a part of it."),
  })
  .meta({ id: "BudgetState" });

function answerOf(budget: string, state: BudgetState): z.input<typeof budgetStateSchema> {
  const { limit, allocated, settled, unsettled, remaining, windowStart, windowEnd, rebuilding, holders } = state;
  const used = settled + unsettled;
  return {
    budget,
    limit,
    used,
    held: Math.max(allocated - used, 0),
    remaining,
    unsettled,
    windowStart: new Date(windowStart).toISOString(),
    ...(Number.isFinite(windowEnd) ? { windowEnd: new Date(windowEnd).toISOString() } : {}),
    rebuilding,
    gateways: holders.filter(({ notAfter }) => notAfter !== undefined).length,
  };
}

export function budgetOperations(budgets: Pick<Budgets, "find">, ledger: Pick<Ledger, "state">): readonly Operation[] {
  return [
    {
      id: "getBudgetState",
      method: "get",
      path: "/api/v1/budgets/{id}/state",
      tag: "budgets",
      summary: "Get how far a budget is used",
      params: { id: idSchema },
      answers: { 200: { description: "The current window.", schema: budgetStateSchema } },
      errors: ["resource_not_found", "ledger_unavailable"],
      handle: async ({ params }) => {
        const id = params.id ?? "";
        const budget = await budgets.find(id);
        if (budget === undefined) throw documentNotFound({ kind: "budget", id });
        try {
          return { status: 200, body: answerOf(id, await ledger.state(budget)) };
        } catch (error) {
          if (error instanceof LedgerError) throw new OperatorError("ledger_unavailable", { message: error.message });
          throw error;
        }
      },
    },
  ];
}
