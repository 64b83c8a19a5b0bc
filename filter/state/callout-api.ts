// The requests that the filter makes to the control plane (ARCHITECTURE.md §2.5). Envoy puts the credential on. Answers
// come back by token to the root context.

import { FilterConfig } from "../config/filter-config";
import {
  actAs,
  getHeader,
  getProperty,
  HeaderList,
  HeaderMap,
  hostLength,
  hostPointer,
  httpCall,
  Literal,
  utf8,
} from "../sdk";
import { DIGEST_BYTES } from "./lease";
import { randomBytes } from "./random";

const METHOD = utf8(":method");
const STATUS = utf8(":status");
const OK = utf8("200");
const GET = utf8("GET");
const POST = utf8("POST");
const PATH = utf8(":path");
const AUTHORITY = utf8(":authority");
const LEASES = utf8("/v1/leases/");
const USAGE = utf8("/v1/usage");
const GRANTS = utf8("/v1/grants");
const CHANGES_SINCE = utf8("/v1/changes?since=");
const NODE = utf8("&node=");
const WORKER = utf8("&worker=");
const REVISION = utf8("&revision=");
const CAPACITIES = utf8("&capacities=");
const NODE_ID = utf8("xds\0node\0id");
const HEX = utf8("0123456789abcdef");

const PATH_BYTES_MAX: i32 = 1024;
const NODE_ID_BYTES_MAX: i32 = 256;
const WORKER_BYTES: i32 = 8;

const headers = new HeaderList();
const path: usize = heap.alloc(PATH_BYTES_MAX);
const worker: usize = heap.alloc(WORKER_BYTES);
let end: usize = path;
let config: FilterConfig | null = null;
let owner: u32 = 0;

export namespace CalloutApi {
  export let timeoutMs: u32 = 200;

  /** Call once the VM may make host calls. */
  export function start(): void {
    randomBytes(worker, WORKER_BYTES);
  }

  /** From here on callouts go where this configuration says, and `rootId` is the context that gets the answers. */
  export function configure(current: FilterConfig, rootId: u32): void {
    owner = rootId;
    const previous = config;
    config = current.retain();
    timeoutMs = current.calloutTimeoutMs;
    if (previous != null) previous.release();
  }

  /** Whether the answer that is being delivered has status 200. */
  export function answeredOk(): bool {
    return getHeader(HeaderMap.CALLOUT, STATUS) && OK.equals(hostPointer(), hostLength());
  }

  /** A token, or 0 when no callout could be made. */
  export function askLease(digest: usize): u32 {
    begin();
    text(LEASES.pointer, LEASES.length);
    hex(digest, DIGEST_BYTES);
    return send();
  }

  /** Asks for revoked keys and for capacities other than of this version, and tells which revision this worker serves. */
  export function askChanges(since: u64, revision: u64, capacities: u64): u32 {
    begin();
    text(CHANGES_SINCE.pointer, CHANGES_SINCE.length);
    decimal(since);
    text(NODE.pointer, NODE.length);
    if (getProperty(NODE_ID.pointer, NODE_ID.length))
      percentEncoded(hostPointer(), min(hostLength(), NODE_ID_BYTES_MAX));
    text(WORKER.pointer, WORKER.length);
    hex(worker, WORKER_BYTES);
    text(REVISION.pointer, REVISION.length);
    decimal(revision);
    text(CAPACITIES.pointer, CAPACITIES.length);
    decimal(capacities);
    return send();
  }

  /** Hands over usage events, a line of JSON each. */
  export function sendUsage(lines: usize, length: i32, timeoutMs: u32): u32 {
    begin();
    text(USAGE.pointer, USAGE.length);
    return send(POST, lines, length, timeoutMs);
  }

  /** For callouts on behalf of a stream of another plugin, whose root would get the answers: act as the stream again afterwards. */
  export function actAsOwner(): bool {
    return actAs(owner);
  }

  /** States where this Envoy stands with its budgets, and asks for more. */
  export function askGrants(entries: usize, length: i32, timeoutMs: u32): u32 {
    begin();
    text(GRANTS.pointer, GRANTS.length);
    return send(POST, entries, length, timeoutMs);
  }
}

/** `timeoutMs` 0 = as configured. */
function send(method: Literal = GET, body: usize = 0, bodyLength: i32 = 0, timeoutMs: u32 = 0): u32 {
  const to = config;
  if (to == null) return 0;
  const cluster = to.calloutCluster;
  const authority = to.calloutAuthority;
  headers
    .reset()
    .addLiteral(METHOD, method)
    .add(PATH, path, <i32>(end - path))
    .add(AUTHORITY, authority + 2, load<u16>(authority));
  return httpCall(
    cluster + 2,
    load<u16>(cluster),
    headers,
    body,
    bodyLength,
    timeoutMs == 0 ? to.calloutTimeoutMs : timeoutMs,
  );
}

// The path fits: the longest is 18 + 20 + 6 + 3 × 256 + 8 + 16 + 10 + 20 + 12 + 20 bytes.
function begin(): void {
  end = path;
}

function text(pointer: usize, length: i32): void {
  memory.copy(end, pointer, length);
  end += <usize>length;
}

function byte(value: u8): void {
  store<u8>(end++, value);
}

function hex(pointer: usize, length: i32): void {
  for (let i = 0; i < length; i++) hexByte(load<u8>(pointer + <usize>i));
}

function hexByte(value: u8): void {
  byte(load<u8>(HEX.pointer + <usize>(value >> 4)));
  byte(load<u8>(HEX.pointer + <usize>(value & 15)));
}

function decimal(value: u64): void {
  let divisor: u64 = 1;
  while (value / divisor >= 10) divisor *= 10;
  for (; divisor > 0; divisor /= 10) byte(<u8>(0x30 + ((value / divisor) % 10)));
}

function percentEncoded(pointer: usize, length: i32): void {
  for (let i = 0; i < length; i++) {
    const value = load<u8>(pointer + <usize>i);
    const lower = value | 0x20;
    const letter = lower >= 0x61 && lower <= 0x7a;
    const plain = letter || (value >= 0x30 && value <= 0x39) || value == 0x2d || value == 0x2e || value == 0x5f;
    if (plain) {
      byte(value);
    } else {
      byte(0x25);
      hexByte(value);
    }
  }
}
