// The two records that the filter reads, as bytes (ARCHITECTURE.md §2.5). What it asks of the ledger is grants/records.ts.
import {
  BUDGET_HEADER_BYTES,
  BudgetFlag,
  BudgetMeasure,
  CAPACITIES_UNCHANGED,
  CHANGES_FORMAT,
  CHANGES_HEADER_BYTES,
  LEASE_FORMAT,
  LeaseStatus,
} from "../contract.js";
import type { CapacityShares, LeaseAnswer, LeaseBudget, LeaseChanges, LeaseTiming } from "../ports.js";
import type { Budget } from "../resources/budget.js";
import { bytes16, string16 } from "../string16.js";

const LEASE_HEADER_BYTES = 28;
/** A refusal is asked for again this soon, so that a new key works at once for whoever was too early. */
const REFUSAL_AGE_MS = 5_000;

function times(answer: LeaseAnswer, timing: LeaseTiming, nowMs: number): { refreshAfter: number; notAfter: number } {
  const granted = answer.status === LeaseStatus.GRANTED;
  const keyEnd = answer.keyExpiresAtMs !== undefined && granted ? answer.keyExpiresAtMs : Number.POSITIVE_INFINITY;
  const notAfter = Math.min(nowMs + (granted ? timing.ageMsMax : REFUSAL_AGE_MS), keyEnd);
  return { refreshAfter: Math.min(nowMs + timing.refreshMs, notAfter), notAfter };
}

export function leaseRecord(answer: LeaseAnswer, timing: LeaseTiming, nowMs: number): Buffer {
  const { refreshAfter, notAfter } = times(answer, timing, nowMs);
  const header = Buffer.alloc(LEASE_HEADER_BYTES);
  header.writeUInt8(LEASE_FORMAT, 0);
  header.writeUInt8(answer.status, 1);
  header.writeBigUInt64LE(BigInt(refreshAfter), 4);
  header.writeBigUInt64LE(BigInt(notAfter), 12);
  header.writeUInt8(answer.priority, 2);
  header.writeUInt8(answer.models.length, 3);
  header.writeBigUInt64LE(answer.operations, 20);
  const { tenant, department, application, consumer } = answer.holder;
  const names = [tenant, department, application, consumer, answer.keyId].map((name) => string16(name ?? ""));
  const levels = [...answer.models, answer.preferredModels ?? []].map(patternList);
  const budgets = [count16(answer.budgets.length), ...answer.budgets.map(budgetRecord)];
  return Buffer.concat([header, ...names, bytes16(answer.sealKey), ...levels, ...budgets]);
}

function count16(count: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(count);
  return bytes;
}

function patternList(patterns: readonly string[]): Buffer {
  return Buffer.concat([count16(patterns.length), ...patterns.map(string16)]);
}

/** Windows so long that nobody can be told to wait for the next one. */
const QUOTA_WINDOWS: readonly Budget["window"][] = ["day", "week", "month", "total"];

function flagsOf({ reserve, onSpent, shadowMode, window }: Budget): number {
  return (
    (reserve === "strict" ? BudgetFlag.STRICT : 0) |
    (onSpent === "cut" ? BudgetFlag.CUT : 0) |
    (shadowMode ? BudgetFlag.SHADOW : 0) |
    (QUOTA_WINDOWS.includes(window) ? BudgetFlag.QUOTA : 0)
  );
}

function budgetRecord(budget: LeaseBudget): Buffer {
  const { id, measure, weights, models = [], warnAtPercent = 0, keptPercent = 0, onLedgerLost } = budget;
  const header = Buffer.alloc(BUDGET_HEADER_BYTES);
  const names = [string16(id), patternList(models)];
  header.writeUInt16LE(BUDGET_HEADER_BYTES + names.reduce((sum, { length }) => sum + length, 0), 0);
  header.writeUInt8(BudgetMeasure[measure.toUpperCase() as Uppercase<typeof measure>], 2);
  header.writeUInt8(flagsOf(budget), 3);
  const { input = 0, cachedInput = 0, output = 0 } = weights ?? {};
  for (const [index, weight] of [input, cachedInput, output].entries()) header.writeUInt32LE(weight, 4 + index * 4);
  header.writeUInt8(warnAtPercent, 16);
  header.writeUInt8(keptPercent, 17);
  header.writeBigUInt64LE(BigInt(onLedgerLost.mode === "allow" ? onLedgerLost.upTo : 0), 20);
  return Buffer.concat([header, ...names]);
}

/** `shares`: undefined = those that the worker has still count. */
export function changesRecord(changes: LeaseChanges, shares: CapacityShares | undefined): Buffer {
  const digests = changes.all ? [] : changes.digests;
  const header = Buffer.alloc(CHANGES_HEADER_BYTES);
  header.writeUInt8(CHANGES_FORMAT, 0);
  header.writeUInt8(changes.all ? 1 : 0, 1);
  header.writeUInt16LE(digests.length, 2);
  header.writeBigUInt64LE(changes.sequence, 4);
  header.writeBigUInt64LE(shares?.version ?? 0n, 12);
  header.writeUInt16LE(shares?.count ?? CAPACITIES_UNCHANGED, 20);
  header.writeUInt8(shares?.classes ?? 0, 22);
  const revoked = digests.map((digest) => Buffer.from(digest, "hex"));
  return Buffer.concat([header, ...revoked, shares?.bytes ?? Buffer.alloc(0)]);
}
