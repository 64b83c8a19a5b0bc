// The plan of one request as the target root sees it: a view over the bytes in filter state (ARCHITECTURE.md §2.3).
// Views only: every pointer is valid until the callback that read the plan returns.
//
//   header | original model | dialect headers | path | seal key | record 0 | record 1 | …          cursor ──▶ record
//   record: u16 length | dialect | flags | u32 cap | u32 quirks | cluster | target | authority | base path | model | query

import { PLAN_FORMAT, PLAN_HEADER_BYTES, PlanFlag, TARGET_HEADER_BYTES } from "../contract";

/** The original model, three headers of one dialect, the path of a passed operation, the key of sealed ids. */
const HEADER_STRINGS: i32 = 6;
/** Cluster, target, authority, base path, model, query. */
const RECORD_STRINGS: i32 = 6;

export class Plan {
  pointer: usize = 0;
  length: i32 = 0;

  targetPointer: usize = 0;
  targetLength: i32 = 0;
  authorityPointer: usize = 0;
  authorityLength: i32 = 0;
  basePathPointer: usize = 0;
  basePathLength: i32 = 0;
  /** The provider's name for the model, JSON-escaped, without quotes. */
  modelPointer: usize = 0;
  modelLength: i32 = 0;
  /** What every request to this target has behind the "?" of its path; mostly empty. */
  queryPointer: usize = 0;
  queryLength: i32 = 0;
  /** Cluster of the target after this one; length 0 when this is the last. */
  nextClusterPointer: usize = 0;
  nextClusterLength: i32 = 0;
  private record: usize = 0;

  /** False when the bytes are no plan of this format: they may come from another version of the filter. */
  read(pointer: usize, length: i32): bool {
    this.pointer = pointer;
    this.length = length;
    if (length < <i32>PLAN_HEADER_BYTES + 2 || load<u8>(pointer) != <u8>PLAN_FORMAT) return false;
    if (this.cursor >= this.targetCount) return false;
    let at = pointer + <usize>load<u16>(pointer, 6);
    const end = pointer + <usize>length;
    if (!stringsFit(pointer + PLAN_HEADER_BYTES, at, end)) return false;
    for (let i = 0; i < this.cursor; i++) {
      if (at + 2 > end) return false;
      at += <usize>load<u16>(at);
    }
    if (!fits(at, end)) return false;
    this.record = at;
    let field = at + TARGET_HEADER_BYTES;
    field += 2 + <usize>load<u16>(field); // this target's own cluster
    this.targetLength = load<u16>(field);
    this.targetPointer = field + 2;
    field = this.targetPointer + <usize>this.targetLength;
    this.authorityLength = load<u16>(field);
    this.authorityPointer = field + 2;
    field = this.authorityPointer + <usize>this.authorityLength;
    this.basePathLength = load<u16>(field);
    this.basePathPointer = field + 2;
    field = this.basePathPointer + <usize>this.basePathLength;
    this.modelLength = load<u16>(field);
    this.modelPointer = field + 2;
    field = this.modelPointer + <usize>this.modelLength;
    this.queryLength = load<u16>(field);
    this.queryPointer = field + 2;
    this.nextClusterLength = 0;
    if (!this.hasNext) return true;
    const next = at + <usize>load<u16>(at);
    if (!fits(next, end)) return false;
    this.nextClusterLength = load<u16>(next, TARGET_HEADER_BYTES);
    this.nextClusterPointer = next + TARGET_HEADER_BYTES + 2;
    return true;
  }

  /** Moves the cursor in place; the caller writes the bytes back. */
  advance(): void {
    store<u8>(this.pointer, <u8>(this.cursor + 1), 5);
  }

  get protocol(): i32 {
    return load<u8>(this.pointer, 1);
  }
  get operation(): i32 {
    return load<u8>(this.pointer, 2);
  }
  get flags(): u32 {
    return load<u8>(this.pointer, 3);
  }
  get streaming(): bool {
    return (this.flags & PlanFlag.STREAM) != 0;
  }
  /** Whether the client asked for a usage chunk (`stream_options.include_usage`). */
  get streamUsage(): bool {
    return (this.flags & PlanFlag.STREAM_USAGE) != 0;
  }
  /** The model route refuses fields that would be dropped. */
  get strict(): bool {
    return (this.flags & PlanFlag.STRICT) != 0;
  }
  /** The body is a multipart form. */
  get isForm(): bool {
    return (this.flags & PlanFlag.MULTIPART) != 0;
  }
  get targetCount(): i32 {
    return load<u8>(this.pointer, 4);
  }
  get cursor(): i32 {
    return load<u8>(this.pointer, 5);
  }
  get hasNext(): bool {
    return this.cursor + 1 < this.targetCount;
  }
  /** Offset of the model's JSON string in the request body, quotes included. */
  get modelStart(): u32 {
    return load<u32>(this.pointer, 8);
  }
  get modelEnd(): u32 {
    return load<u32>(this.pointer, 12);
  }
  /** Of a form what its client announced, or `LENGTH_UNKNOWN`. */
  get bodyLength(): u32 {
    return load<u32>(this.pointer, 24);
  }
  /** Where the exchange's account is, and the ticket that opens it. */
  get account(): u32 {
    return load<u32>(this.pointer, 28);
  }
  get accountTicket(): u64 {
    return load<u64>(this.pointer, 32);
  }
  /** Of the enumeration UsageAsk, and which bytes of the body that takes the place of. */
  get usageAsk(): i32 {
    return load<u8>(this.pointer, 46);
  }
  get usageAskStart(): i32 {
    return load<u32>(this.pointer, 40);
  }
  get usageAskEnd(): i32 {
    return this.usageAskStart + <i32>load<u16>(this.pointer, 44);
  }
  /** The model as the client wrote it, JSON-escaped, without quotes. */
  get originalModelPointer(): usize {
    return this.pointer + PLAN_HEADER_BYTES + 2;
  }
  get originalModelLength(): i32 {
    return load<u16>(this.pointer, PLAN_HEADER_BYTES);
  }
  /** str16: what the client sent as anthropic-version, anthropic-beta and openai-beta; empty = it did not. */
  get anthropicVersion(): usize {
    return this.originalModelPointer + <usize>this.originalModelLength;
  }
  get anthropicBeta(): usize {
    const before = this.anthropicVersion;
    return before + 2 + <usize>load<u16>(before);
  }
  get openaiBeta(): usize {
    const before = this.anthropicBeta;
    return before + 2 + <usize>load<u16>(before);
  }
  /** str16: path and query of an operation that the filter does not know, behind `/v1`; empty for all others. */
  get passedPath(): usize {
    const before = this.openaiBeta;
    return before + 2 + <usize>load<u16>(before);
  }
  /** str16: the key by which ids of provider-side state are sealed; empty where none can occur. */
  get sealKey(): usize {
    const before = this.passedPath;
    return before + 2 + <usize>load<u16>(before);
  }
  get hasDialectHeaders(): bool {
    return (
      load<u16>(this.anthropicVersion) != 0 || load<u16>(this.anthropicBeta) != 0 || load<u16>(this.openaiBeta) != 0
    );
  }
  /** Whether one of the targets, tried or not, speaks this dialect. */
  leadsTo(dialect: i32): bool {
    const end = this.pointer + <usize>this.length;
    let at = this.pointer + <usize>load<u16>(this.pointer, 6);
    for (let i = 0; i < this.targetCount && at + TARGET_HEADER_BYTES <= end; i++) {
      if (<i32>load<u8>(at, 2) == dialect) return true;
      at += <usize>load<u16>(at);
    }
    return false;
  }
  /** RETRY_STATUSES_BYTES bytes: which statuses are worth another target. */
  get retryStatuses(): usize {
    return this.pointer + 48;
  }
  get dialect(): i32 {
    return load<u8>(this.record, 2);
  }
  /** Output cap for dialects that require one; 0 = the dialect's own default. */
  get defaultMaxTokens(): u32 {
    return load<u32>(this.record, 4);
  }
  /** Bits of the enumeration Quirk. */
  get quirks(): u32 {
    return load<u32>(this.record, 8);
  }
}

/** Whether the header's strings end where the records begin. */
function stringsFit(strings: usize, records: usize, end: usize): bool {
  let at = strings;
  for (let i = 0; i < HEADER_STRINGS; i++) {
    if (at + 2 > end) return false;
    at += 2 + <usize>load<u16>(at);
  }
  return at == records && records <= end;
}

/** Whether a record with its strings lies before `end`. The control plane wrote it, the gateway root checked it. */
function fits(record: usize, end: usize): bool {
  if (record + TARGET_HEADER_BYTES + RECORD_STRINGS * 2 > end) return false;
  const recordEnd = record + <usize>load<u16>(record);
  if (recordEnd > end) return false;
  let field = record + TARGET_HEADER_BYTES;
  for (let i = 0; i < RECORD_STRINGS; i++) {
    if (field + 2 > recordEnd) return false;
    field += 2 + <usize>load<u16>(field);
  }
  return field <= recordEnd;
}
