// Leases with budgets and grants as bytes, written from ARCHITECTURE.md §2.5 alone: what the control plane's own encoder and the
// filter's reader are both held against.
import { leaseRecord } from "../../control-plane/callout-api/records.js";
import {
  BudgetFlag,
  BudgetMeasure,
  GRANT_ENTRY_BYTES,
  GRANT_REPLY_BYTES,
  GRANTS_FORMAT,
  GRANTS_HEADER_BYTES,
  GRANTS_REPLY_HEADER_BYTES,
  GrantFlag,
  GrantOutcome,
  LeaseStatus,
  Priority,
  SEAL_KEY_BYTES,
} from "../../control-plane/contract.js";
import type { AskReplyEntry, Refusal } from "../../control-plane/ledger/ledger.js";
import type { Budget } from "../../control-plane/resources/budget.js";
import { string16 } from "../../control-plane/string16.js";

const LEASE_MS = 3_600_000;
const LONG_WINDOWS = ["day", "week", "month", "total"];

function flagsOf(budget: Budget): number {
  const bits = [
    budget.reserve === "strict" ? BudgetFlag.STRICT : 0,
    budget.onSpent === "cut" ? BudgetFlag.CUT : 0,
    budget.shadowMode ? BudgetFlag.SHADOW : 0,
    LONG_WINDOWS.includes(budget.window ?? "") ? BudgetFlag.QUOTA : 0,
  ];
  return bits.reduce((all, bit) => all | bit, 0);
}

function budgetRecord(budget: Budget): Buffer {
  const head = Buffer.alloc(28);
  const measure = budget.measure.toUpperCase() as keyof typeof BudgetMeasure;
  const strings = [string16(budget.id), count16(budget.models?.length ?? 0), ...(budget.models ?? []).map(string16)];
  head.writeUInt16LE(head.length + Buffer.concat(strings).length, 0);
  head.writeUInt8(BudgetMeasure[measure], 2);
  head.writeUInt8(flagsOf(budget), 3);
  for (const [index, weight] of (["input", "cachedInput", "output"] as const).entries()) {
    head.writeUInt32LE(budget.weights?.[weight] ?? 0, 4 + index * 4);
  }
  head.writeUInt8(budget.warnAtPercent ?? 0, 16);
  // Of a key of the lowest class: everything that is reserved is for others.
  head.writeUInt8(
    Object.values(budget.reserved ?? {}).reduce((sum, percent) => sum + percent, 0),
    17,
  );
  head.writeBigUInt64LE(BigInt(budget.onLedgerLost.mode === "allow" ? budget.onLedgerLost.upTo : 0), 20);
  return Buffer.concat([head, ...strings]);
}

function count16(count: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(count);
  return bytes;
}

/** A lease that allows everything and is limited by these. */
export function leaseWith(budgets: readonly Budget[], nowMs: number): Buffer {
  const plain = leaseRecord(
    {
      status: LeaseStatus.GRANTED,
      holder: { tenant: "acme", consumer: "team" },
      keyId: "0123456789abcdef",
      priority: Priority.STANDARD,
      operations: 2n ** 64n - 1n,
      sealKey: Buffer.alloc(SEAL_KEY_BYTES),
      models: [],
      budgets: [],
      keyExpiresAtMs: undefined,
    },
    { refreshMs: LEASE_MS, ageMsMax: LEASE_MS },
    nowMs,
  );
  const withoutBudgets = plain.subarray(0, plain.length - 2);
  return Buffer.concat([withoutBudgets, count16(budgets.length), ...budgets.map(budgetRecord)]);
}

export interface GrantEntry {
  readonly stamp: number;
  readonly alone: boolean;
  readonly window: number | undefined;
  readonly sequence: number;
  readonly used: number;
  readonly floor: number;
  readonly wanted: number;
  readonly allocated: number;
  readonly budgetId: string;
}

export interface GrantRequest {
  readonly nonce: string;
  readonly entries: readonly GrantEntry[];
}

export function readGrantRequest(bytes: Buffer): GrantRequest {
  if (bytes[0] !== GRANTS_FORMAT) throw new Error("no request for grants");
  let at = GRANTS_HEADER_BYTES;
  const entries = Array.from({ length: bytes.readUInt16LE(2) }, () => {
    const number = (offset: number) => Number(bytes.readBigUInt64LE(at + offset));
    const flags = bytes.readUInt8(at + 4);
    const length = bytes.readUInt16LE(at + GRANT_ENTRY_BYTES);
    const start = at + GRANT_ENTRY_BYTES + 2;
    const entry: GrantEntry = {
      stamp: bytes.readUInt32LE(at),
      alone: (flags & GrantFlag.ALONE) !== 0,
      window: (flags & GrantFlag.WINDOW) === 0 ? undefined : number(8),
      sequence: number(16),
      used: number(24),
      floor: number(32),
      wanted: number(40),
      allocated: number(48),
      budgetId: bytes.toString("utf8", start, start + length),
    };
    at = start + length;
    return entry;
  });
  if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes too many`);
  return { nonce: bytes.toString("hex", 8, GRANTS_HEADER_BYTES), entries };
}

const OUTCOMES: Record<Refusal, number> = {
  spent: GrantOutcome.SPENT,
  over: GrantOutcome.OVER,
  rebuilding: GrantOutcome.REBUILDING,
  withheld: GrantOutcome.WITHHELD,
};

function replyEntry(entry: AskReplyEntry | "gone" | "lost"): Buffer {
  const bytes = Buffer.alloc(GRANT_REPLY_BYTES);
  if (entry === "gone" || entry === "lost") {
    bytes.writeUInt8(entry === "gone" ? GrantOutcome.GONE : GrantOutcome.LOST);
    return bytes;
  }
  bytes.writeUInt8(entry.refused === undefined ? GrantOutcome.GRANTED : OUTCOMES[entry.refused]);
  const end = entry.windowEnd === Number.POSITIVE_INFINITY ? 2n ** 64n - 1n : BigInt(entry.windowEnd);
  const { sequence, windowStart, allocated, remaining, limit, notAfter } = entry;
  const numbers = [sequence, windowStart, end, allocated, remaining, limit, notAfter];
  for (const [index, value] of numbers.entries()) bytes.writeBigUInt64LE(BigInt(value), 8 + index * 8);
  return bytes;
}

export function grantReply(nowMs: number, entries: readonly (AskReplyEntry | "gone" | "lost")[]): Buffer {
  const head = Buffer.alloc(GRANTS_REPLY_HEADER_BYTES);
  head.writeUInt8(GRANTS_FORMAT);
  head.writeUInt16LE(entries.length, 2);
  head.writeBigUInt64LE(BigInt(nowMs), 8);
  return Buffer.concat([head, ...entries.map(replyEntry)]);
}

/** The entries of one ask of the ledger, or of a single one that is alone. */
export function asksOf(request: GrantRequest): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>();
  const alone: number[][] = [];
  for (const [index, entry] of request.entries.entries()) {
    if (entry.alone) alone.push([index]);
    else groups.set(entry.stamp, [...(groups.get(entry.stamp) ?? []), index]);
  }
  return [...groups.values(), ...alone];
}

export function grantRequest(nonce: string, entries: readonly GrantEntry[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt8(GRANTS_FORMAT);
  head.writeUInt16LE(entries.length, 2);
  return Buffer.concat([head, Buffer.from(nonce, "hex"), ...entries.map(requestEntry)]);
}

function requestEntry({ stamp, alone, window, budgetId, ...claim }: GrantEntry): Buffer {
  const bytes = Buffer.alloc(GRANT_ENTRY_BYTES);
  bytes.writeUInt32LE(stamp);
  bytes.writeUInt8((alone ? GrantFlag.ALONE : 0) | (window === undefined ? 0 : GrantFlag.WINDOW), 4);
  const numbers = [window ?? 0, claim.sequence, claim.used, claim.floor, claim.wanted, claim.allocated];
  for (const [index, value] of numbers.entries()) bytes.writeBigUInt64LE(BigInt(value), 8 + index * 8);
  return Buffer.concat([bytes, string16(budgetId)]);
}

export function readGrantReply(bytes: Buffer) {
  if (bytes[0] !== GRANTS_FORMAT) throw new Error("no reply about grants");
  const count = bytes.readUInt16LE(2);
  if (bytes.length !== GRANTS_REPLY_HEADER_BYTES + count * GRANT_REPLY_BYTES) throw new Error("of another length");
  const entries = Array.from({ length: count }, (_, index) => {
    const at = GRANTS_REPLY_HEADER_BYTES + index * GRANT_REPLY_BYTES;
    const number = (offset: number) => Number(bytes.readBigUInt64LE(at + offset));
    const end = bytes.readBigUInt64LE(at + 24);
    return {
      outcome: bytes.readUInt8(at),
      sequence: number(8),
      windowStart: number(16),
      windowEnd: end === 2n ** 64n - 1n ? undefined : Number(end),
      allocated: number(32),
      remaining: number(40),
      limit: number(48),
      notAfter: number(56),
    };
  });
  return { nowMs: Number(bytes.readBigUInt64LE(8)), entries };
}
