// Asks for grants and their answers as bytes (ARCHITECTURE.md §2.5). What cannot be what a filter means is no ask at all.
import {
  GRANT_ENTRIES_MAX,
  GRANT_ENTRY_BYTES,
  GRANT_REPLY_BYTES,
  GRANTS_FORMAT,
  GRANTS_HEADER_BYTES,
  GRANTS_REPLY_HEADER_BYTES,
  GrantFlag,
  GrantOutcome,
} from "../contract.js";
import type { AskReplyEntry, Refusal } from "../ledger/ledger.js";

/** Of a request with as many entries as there may be, each with the longest id. */
export const GRANTS_BYTES_MAX = 32 * 1024;

const NONCE_AT = 8;
const NEVER = 2n ** 64n - 1n;
const STAMP_DIGITS = 8;

export interface GrantAsk {
  /** Holder of the ledger: the nonce of an Envoy process and a stamp, in hex. */
  readonly holder: string;
  readonly isAlone: boolean;
  readonly budgetId: string;
  /** Start of the window; absent = the current one. */
  readonly window?: number;
  readonly sequence: number;
  readonly used: number;
  readonly floor: number;
  readonly wanted: number;
  readonly allocated: number;
}

/** `gone`: there is no such budget any more. `lost`: the ledger could not be asked. */
export type GrantAnswer = AskReplyEntry | "gone" | "lost";

/** Undefined if the bytes are no request for grants. */
export function readGrantAsks(bytes: Buffer): readonly GrantAsk[] | undefined {
  if (bytes.length < GRANTS_HEADER_BYTES || bytes[0] !== GRANTS_FORMAT) return undefined;
  const count = bytes.readUInt16LE(2);
  if (count === 0 || count > GRANT_ENTRIES_MAX) return undefined;
  const nonce = bytes.toString("hex", NONCE_AT, GRANTS_HEADER_BYTES);
  const asks: GrantAsk[] = [];
  let at = GRANTS_HEADER_BYTES;
  for (let index = 0; index < count; index++) {
    const idAt = at + GRANT_ENTRY_BYTES + 2;
    if (idAt > bytes.length) return undefined;
    const end = idAt + bytes.readUInt16LE(idAt - 2);
    if (end > bytes.length) return undefined;
    const ask = readEntry(bytes.subarray(at, end), nonce);
    if (ask === undefined) return undefined;
    asks.push(ask);
    at = end;
  }
  return at === bytes.length ? asks : undefined;
}

function readEntry(entry: Buffer, nonce: string): GrantAsk | undefined {
  const numbers = [8, 16, 24, 32, 40, 48].map((at) => entry.readBigUInt64LE(at));
  if (numbers.some((number) => number > BigInt(Number.MAX_SAFE_INTEGER))) return undefined;
  const [window = 0, sequence = 0, used = 0, floor = 0, wanted = 0, allocated = 0] = numbers.map(Number);
  const flags = entry.readUInt8(4);
  return {
    holder: nonce + entry.readUInt32LE(0).toString(16).padStart(STAMP_DIGITS, "0"),
    isAlone: (flags & GrantFlag.ALONE) !== 0,
    budgetId: entry.toString("utf8", GRANT_ENTRY_BYTES + 2),
    ...((flags & GrantFlag.WINDOW) === 0 ? {} : { window }),
    sequence,
    used,
    floor,
    wanted,
    allocated,
  };
}

const OUTCOMES: Readonly<Record<Refusal, number>> = {
  spent: GrantOutcome.SPENT,
  over: GrantOutcome.OVER,
  rebuilding: GrantOutcome.REBUILDING,
  withheld: GrantOutcome.WITHHELD,
};

function answerRecord(answer: GrantAnswer): Buffer {
  const record = Buffer.alloc(GRANT_REPLY_BYTES);
  if (answer === "gone" || answer === "lost") {
    record.writeUInt8(answer === "gone" ? GrantOutcome.GONE : GrantOutcome.LOST);
    return record;
  }
  const { refused, windowEnd } = answer;
  record.writeUInt8(refused === undefined ? GrantOutcome.GRANTED : OUTCOMES[refused]);
  const whole = [answer.sequence, answer.windowStart];
  const after = [answer.allocated, answer.remaining, answer.limit, answer.notAfter];
  const end = Number.isFinite(windowEnd) ? BigInt(windowEnd) : NEVER;
  const numbers = [...whole.map(BigInt), end, ...after.map(BigInt)];
  for (const [index, number] of numbers.entries()) record.writeBigUInt64LE(number, 8 + index * 8);
  return record;
}

/** `nowMs` by the ledger's clock. */
export function grantReplyRecord(nowMs: number, answers: readonly GrantAnswer[]): Buffer {
  const header = Buffer.alloc(GRANTS_REPLY_HEADER_BYTES);
  header.writeUInt8(GRANTS_FORMAT, 0);
  header.writeUInt16LE(answers.length, 2);
  header.writeBigUInt64LE(BigInt(nowMs), 8);
  return Buffer.concat([header, ...answers.map(answerRecord)]);
}
