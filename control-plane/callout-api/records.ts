// The two records that the filter reads, as bytes (ARCHITECTURE.md §2.5).
import { CHANGES_FORMAT, LEASE_FORMAT, LeaseStatus } from "../contract.js";
import type { LeaseAnswer, LeaseChanges, LeaseTiming } from "../ports.js";
import { bytes16, string16 } from "../string16.js";

const LEASE_HEADER_BYTES = 28;
const CHANGES_HEADER_BYTES = 12;
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
  return Buffer.concat([header, ...names, bytes16(answer.sealKey), ...answer.models.map(patternLevel), NO_BUDGETS]);
}

/** A count of none. */
const NO_BUDGETS = Buffer.alloc(2);

function patternLevel(patterns: readonly string[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16LE(patterns.length);
  return Buffer.concat([count, ...patterns.map(string16)]);
}

export function changesRecord(changes: LeaseChanges): Buffer {
  const digests = changes.all ? [] : changes.digests;
  const header = Buffer.alloc(CHANGES_HEADER_BYTES);
  header.writeUInt8(CHANGES_FORMAT, 0);
  header.writeUInt8(changes.all ? 1 : 0, 1);
  header.writeUInt16LE(digests.length, 2);
  header.writeBigUInt64LE(changes.sequence, 4);
  return Buffer.concat([header, ...digests.map((digest) => Buffer.from(digest, "hex"))]);
}
