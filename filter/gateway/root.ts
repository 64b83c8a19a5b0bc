// The gateway plugin in one worker: takes its configuration, and once a second tells the control plane what it runs and
// learns which leases to drop. Every configuration has a root of its own; only the newest one asks.

import { capacities } from "../capacity/capacities";
import { Alarm, TICK_MS as QUEUE_TICK_MS, queue } from "../capacity/queue";
import { slots as capacitySlots } from "../capacity/shared-slots";
import { FilterConfig } from "../config/filter-config";
import { CAPACITIES_UNCHANGED, CHANGES_BYTES_MAX, CHANGES_FORMAT, CHANGES_HEADER_BYTES } from "../contract";
import { latency } from "../health/latency";
import { outs } from "../health/outs";
import { grants } from "../quota/grant-client";
import { slots } from "../quota/shared-slots";
import {
  actAs,
  BufferKind,
  closeDue,
  getBuffer,
  hostPointer,
  LogLevel,
  log,
  nowMs,
  RootContext,
  StreamContext,
  setTickPeriod,
} from "../sdk";
import { CalloutApi } from "../state/callout-api";
import { DIGEST_BYTES } from "../state/lease";
import { leases } from "../state/lease-client";
import { monotonicMs } from "../state/monotonic";
import { defineMetrics, flushMetrics } from "../telemetry/metrics";
import { startEvents } from "../usage/emit";
import { usageQueue } from "../usage/queue";
import { takeGatewayStream } from "./http-context";

/** A new configuration is reported this soon; afterwards the tick is slow. */
const FIRST_TICK_MS: u32 = 10;
const TICK_MS: u32 = 1000;

let started: bool = false;
let newest: GatewayRoot | null = null;
/** The control plane's number of the last change this worker knows; 0 = none yet. */
let sequence: u64 = 0;

/** While requests wait for capacity. */
class RootAlarm extends Alarm {
  ring(): void {
    newest!.hurry();
  }
}

export class GatewayRoot extends RootContext {
  private config: FilterConfig | null = null;
  private changesToken: u32 = 0;
  private changesDeadlineMs: u64 = 0;
  private tickMs: u32 = 0;
  /** Monotonic ms: what a slow tick does is due then. */
  private slowDueMs: i64 = 0;

  onStart(): bool {
    if (started) return true;
    started = true;
    leases.start();
    CalloutApi.start();
    startEvents();
    slots.start();
    capacitySlots.start();
    outs.start();
    latency.start();
    queue.alarm = new RootAlarm();
    defineMetrics();
    return true;
  }

  onConfigure(size: i32): bool {
    const config = readConfiguration(size);
    if (config == null) return false;
    const previous = this.config;
    if (previous != null) previous.release();
    this.config = config;
    CalloutApi.configure(config, this.id);
    newest = this;
    this.tick(FIRST_TICK_MS);
    return true;
  }

  createStream(id: u32): StreamContext {
    return takeGatewayStream(this.config);
  }

  onTick(): void {
    if (newest !== this) {
      this.tick(0);
      return;
    }
    const wasFast = this.tickMs == QUEUE_TICK_MS;
    queue.serve();
    this.tick(queue.isEmpty ? TICK_MS : QUEUE_TICK_MS);
    const nowMs = monotonicMs();
    if (wasFast && nowMs < this.slowDueMs) return;
    this.slowDueMs = nowMs + TICK_MS;
    capacities.renew(nowMs);
    flushMetrics();
    leases.expire();
    usageQueue.flush();
    grants.tick();
    this.askChanges();
    closeDue();
  }

  onCalloutResponse(token: u32, headerCount: i32, bodySize: i32): void {
    const succeeded = headerCount > 0 && CalloutApi.answeredOk();
    if (token == this.changesToken) {
      this.changesToken = 0;
      if (succeeded) this.takeChanges(bodySize);
      return;
    }
    if (usageQueue.onCalloutResponse(token, succeeded) || grants.onCalloutResponse(token, succeeded, bodySize)) return;
    leases.onCalloutResponse(token, succeeded, bodySize);
  }

  /** From a callback of any context. */
  hurry(): void {
    if (actAs(this.id)) this.tick(QUEUE_TICK_MS);
  }

  onDelete(): void {
    const config = this.config;
    if (config != null) config.release();
    this.config = null;
  }

  private tick(periodMs: u32): void {
    if (this.tickMs == periodMs) return;
    this.tickMs = periodMs;
    setTickPeriod(periodMs);
  }

  private askChanges(): void {
    const now = nowMs();
    if (this.changesToken != 0 && now < this.changesDeadlineMs) return;
    this.changesToken = CalloutApi.askChanges(sequence, this.config!.revision, capacities.version);
    this.changesDeadlineMs = now + <u64>CalloutApi.timeoutMs * 2;
  }

  /** A record that is not whole changes nothing: the same changes are asked for again. */
  private takeChanges(bodySize: i32): void {
    if (bodySize < <i32>CHANGES_HEADER_BYTES || bodySize > <i32>CHANGES_BYTES_MAX) return;
    if (!getBuffer(BufferKind.CALLOUT_BODY, 0, bodySize)) return;
    const record = hostPointer();
    const digests: i32 = load<u16>(record, 2);
    const rest = bodySize - <i32>CHANGES_HEADER_BYTES - digests * DIGEST_BYTES;
    if (load<u8>(record) != <u8>CHANGES_FORMAT || rest < 0 || !takeCapacities(record, bodySize - rest, rest)) return;
    sequence = load<u64>(record, 4);
    if (load<u8>(record, 1) != 0) leases.dropAll();
    for (let i = 0; i < digests; i++) leases.drop(record + CHANGES_HEADER_BYTES + <usize>(i * DIGEST_BYTES));
    if (rest > 0) queue.sortAgain();
  }
}

/** What a change record says of capacities, behind its digests. False when it is not whole. */
function takeCapacities(record: usize, offset: i32, length: i32): bool {
  const count: i32 = load<u16>(record, 20);
  if (count == <i32>CAPACITIES_UNCHANGED) return length == 0;
  return capacities.take(load<u64>(record, 12), record + <usize>offset, length, load<u8>(record, 22), count);
}

/** Null, with the reason in Envoy's log, when the bytes are no configuration: the host then keeps the one it has. */
function readConfiguration(size: i32): FilterConfig | null {
  if (size <= 0 || !getBuffer(BufferKind.PLUGIN_CONFIGURATION, 0, size)) {
    log(LogLevel.ERROR, "sluice: refused a configuration: there is none");
    return null;
  }
  const bytes = heap.alloc(size);
  memory.copy(bytes, hostPointer(), size);
  const config = new FilterConfig(bytes, size);
  if (config.check()) return config;
  log(LogLevel.ERROR, `sluice: refused a configuration: ${config.problem}`);
  config.release();
  return null;
}
