// The gateway plugin in one worker: takes its configuration, and once a second tells the control plane what it runs and
// learns which leases to drop. Every configuration has a root of its own; only the newest one asks.

import { FilterConfig } from "../config/filter-config";
import { CHANGES_FORMAT } from "../contract";
import {
  BufferKind,
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
import { defineMetrics, flushMetrics } from "../telemetry/metrics";
import { startEvents } from "../usage/emit";
import { usageQueue } from "../usage/queue";
import { takeGatewayStream } from "./http-context";

/** A new configuration is reported this soon; afterwards the tick is slow. */
const FIRST_TICK_MS: u32 = 10;
const TICK_MS: u32 = 1000;
const CHANGES_HEADER_BYTES: i32 = 12;
const CHANGES_BYTES_MAX: i32 = 64 * 1024;

let started: bool = false;
let newest: u32 = 0;
/** The control plane's number of the last change this worker knows; 0 = none yet. */
let sequence: u64 = 0;

export class GatewayRoot extends RootContext {
  private config: FilterConfig | null = null;
  private changesToken: u32 = 0;
  private changesDeadlineMs: u64 = 0;
  private tickMs: u32 = 0;

  onStart(): bool {
    if (started) return true;
    started = true;
    leases.start();
    CalloutApi.start();
    startEvents();
    defineMetrics();
    return true;
  }

  onConfigure(size: i32): bool {
    const config = readConfiguration(size);
    if (config == null) return false;
    const previous = this.config;
    if (previous != null) previous.release();
    this.config = config;
    CalloutApi.configure(config);
    newest = this.id;
    this.tick(FIRST_TICK_MS);
    return true;
  }

  createStream(id: u32): StreamContext {
    return takeGatewayStream(this.config);
  }

  onTick(): void {
    if (newest != this.id) {
      this.tick(0);
      return;
    }
    this.tick(TICK_MS);
    flushMetrics();
    leases.expire();
    usageQueue.flush();
    this.askChanges();
  }

  onCalloutResponse(token: u32, headerCount: i32, bodySize: i32): void {
    const succeeded = headerCount > 0 && CalloutApi.answeredOk();
    if (token == this.changesToken) {
      this.changesToken = 0;
      if (succeeded) this.takeChanges(bodySize);
      return;
    }
    if (!usageQueue.onCalloutResponse(token, succeeded)) leases.onCalloutResponse(token, succeeded, bodySize);
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
    this.changesToken = CalloutApi.askChanges(sequence, this.config!.revision);
    this.changesDeadlineMs = now + <u64>CalloutApi.timeoutMs * 2;
  }

  /** A record that is not whole changes nothing: the same changes are asked for again. */
  private takeChanges(bodySize: i32): void {
    if (bodySize < CHANGES_HEADER_BYTES || bodySize > CHANGES_BYTES_MAX) return;
    if (!getBuffer(BufferKind.CALLOUT_BODY, 0, bodySize)) return;
    const record = hostPointer();
    const count: i32 = load<u16>(record, 2);
    if (load<u8>(record) != <u8>CHANGES_FORMAT || bodySize != CHANGES_HEADER_BYTES + count * DIGEST_BYTES) return;
    sequence = load<u64>(record, 4);
    if (load<u8>(record, 1) != 0) leases.dropAll();
    for (let i = 0; i < count; i++) leases.drop(record + <usize>(CHANGES_HEADER_BYTES + i * DIGEST_BYTES));
  }
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
