// The functions that a filter imports: proxy-wasm ABI 0.2.1 as far as the SDK uses it, and WASI's random bytes. What is not
// here fails the instantiation, as it fails the load in Envoy.

import { randomFillSync } from "node:crypto";
import { isCalloutSendable, Root, Stream } from "./contexts.js";
import type { Half } from "./half.js";
import { HeaderMap } from "./header-map.js";
import type { Host } from "./host.js";

const OK = 0;
const NOT_FOUND = 1;
const BAD_ARGUMENT = 2;
const INVALID_MEMORY_ACCESS = 6;
const CAS_MISMATCH = 8;

const REQUEST = 0;
const RESPONSE = 1;
const CALLOUT_BODY = 4;
const PLUGIN_CONFIGURATION = 7;
const CALLOUT_HEADERS = 6;

function streamOf(host: Host): Stream | undefined {
  return host.current instanceof Stream ? host.current : undefined;
}

function halfOf(host: Host, kind: number): Half | undefined {
  const stream = streamOf(host);
  if (kind === REQUEST) return stream?.request;
  return kind === RESPONSE ? stream?.response : undefined;
}

function headersOf(host: Host, map: number): HeaderMap | undefined {
  const stream = streamOf(host);
  if (map === CALLOUT_HEADERS) return host.current instanceof Root ? host.current.answer?.headers : undefined;
  return [stream?.request.headers, stream?.request.trailers, stream?.response.headers, stream?.response.trailers][map];
}

function bufferOf(host: Host, kind: number): Buffer | undefined {
  if (!(host.current instanceof Root)) return halfOf(host, kind)?.body;
  if (kind === PLUGIN_CONFIGURATION) return host.current.configuration;
  return kind === CALLOUT_BODY ? host.current.answer?.body : undefined;
}

function headerImports(host: Host) {
  const { memory } = host;
  /** Changes a map that exists; Envoy refuses for one that does not. */
  const change = (map: number, edit: (headers: HeaderMap) => void): number => {
    const headers = headersOf(host, map);
    if (headers === undefined) return BAD_ARGUMENT;
    edit(headers);
    return OK;
  };
  return {
    proxy_get_header_map_pairs(map: number, data: number, size: number): number {
      const bytes = headersOf(host, map)?.serialise() ?? new Uint8Array(0);
      return memory.hand(bytes, data, size) ? OK : INVALID_MEMORY_ACCESS;
    },
    proxy_get_header_map_value(map: number, key: number, keySize: number, data: number, size: number): number {
      const value = headersOf(host, map)?.get(memory.latin1(key, keySize));
      if (value === undefined) return NOT_FOUND;
      return memory.hand(Buffer.from(value, "latin1"), data, size) ? OK : INVALID_MEMORY_ACCESS;
    },
    proxy_replace_header_map_value: (map: number, key: number, keySize: number, value: number, size: number) =>
      change(map, (headers) => headers.replace(memory.latin1(key, keySize), memory.latin1(value, size))),
    proxy_add_header_map_value: (map: number, key: number, keySize: number, value: number, size: number) =>
      change(map, (headers) => headers.add(memory.latin1(key, keySize), memory.latin1(value, size))),
    proxy_remove_header_map_value: (map: number, key: number, keySize: number) =>
      change(map, (headers) => headers.remove(memory.latin1(key, keySize))),
    proxy_set_header_map_pairs: (map: number, data: number, size: number) => {
      const pairs = HeaderMap.parse(memory.bytes(data, size))?.pairs;
      if (pairs === undefined) return BAD_ARGUMENT;
      return change(map, (headers) => headers.assign(pairs));
    },
  };
}

function bufferImports(host: Host) {
  const { memory } = host;
  return {
    proxy_get_buffer_bytes(kind: number, start: number, length: number, data: number, size: number): number {
      const buffer = bufferOf(host, kind);
      if (buffer === undefined) return NOT_FOUND;
      const bytes = buffer.subarray(start >>> 0, (start >>> 0) + (length >>> 0));
      return memory.hand(bytes, data, size) ? OK : INVALID_MEMORY_ACCESS;
    },
    proxy_set_buffer_bytes(kind: number, start: number, length: number, data: number, size: number): number {
      const half = halfOf(host, kind);
      if (half === undefined) return BAD_ARGUMENT;
      const bytes = Buffer.from(memory.bytes(data, size));
      if (start === 0) half.body = Buffer.concat([bytes, half.body.subarray(length >>> 0)]);
      else if (start >>> 0 >= half.body.length) half.body = Buffer.concat([half.body, bytes]);
      else return BAD_ARGUMENT;
      return OK;
    },
  };
}

function streamImports(host: Host) {
  const { memory } = host;
  return {
    proxy_send_local_response(
      status: number,
      _d: number,
      _ds: number,
      body: number,
      bodySize: number,
      list: number,
      listSize: number,
    ): number {
      const stream = streamOf(host);
      const headers = HeaderMap.parse(memory.bytes(list, listSize));
      if (stream === undefined || headers === undefined) return BAD_ARGUMENT;
      const bytes = Buffer.from(memory.bytes(body, bodySize));
      host.defer(() => stream.sendLocalReply(status, headers, bytes));
      return OK;
    },
    proxy_continue_stream(kind: number): number {
      const half = halfOf(host, kind);
      if (half === undefined) return BAD_ARGUMENT;
      host.defer(() => half.resume());
      return OK;
    },
    proxy_close_stream(kind: number): number {
      const stream = streamOf(host);
      if (stream === undefined || kind > RESPONSE) return BAD_ARGUMENT;
      host.defer(() => stream.abort());
      return OK;
    },
    proxy_set_effective_context(id: number): number {
      const context = host.context(id >>> 0);
      if (context === undefined) return BAD_ARGUMENT;
      host.current = context;
      return OK;
    },
    proxy_get_property(path: number, pathSize: number, data: number, size: number): number {
      const name = memory.text(path, pathSize);
      const { current } = host;
      const value = current instanceof Stream ? current.property(name) : name === "plugin_root_id" && current?.name;
      if (value === undefined || value === false) return NOT_FOUND;
      return memory.hand(Buffer.from(value), data, size) ? OK : INVALID_MEMORY_ACCESS;
    },
    proxy_set_property(path: number, pathSize: number, value: number, size: number): number {
      const stream = streamOf(host);
      if (stream === undefined) return NOT_FOUND;
      stream.filterState.set(memory.text(path, pathSize), Buffer.from(memory.bytes(value, size)));
      return OK;
    },
  };
}

function calloutImports(host: Host) {
  const { memory } = host;
  return {
    proxy_http_call(
      cluster: number,
      clusterSize: number,
      list: number,
      listSize: number,
      body: number,
      bodySize: number,
      _trailers: number,
      _trailersSize: number,
      timeoutMs: number,
      tokenAt: number,
    ): number {
      const name = memory.text(cluster, clusterSize);
      const headers = HeaderMap.parse(memory.bytes(list, listSize));
      const root = host.current instanceof Stream ? host.current.root : host.current;
      if (root === undefined || headers === undefined) return BAD_ARGUMENT;
      if (!host.clusters.has(name) || !isCalloutSendable(headers)) return BAD_ARGUMENT;
      const bytes = Buffer.from(memory.bytes(body, bodySize));
      memory.writeU32(tokenAt, host.addCallout({ root, cluster: name, headers, body: bytes, timeoutMs }));
      return OK;
    },
    proxy_call_foreign_function(
      name: number,
      nameSize: number,
      argument: number,
      argumentSize: number,
      data: number,
      size: number,
    ): number {
      const found = host.foreign.get(memory.text(name, nameSize));
      if (found === undefined || host.current === undefined) return NOT_FOUND;
      const result = found(Buffer.from(memory.bytes(argument, argumentSize)), host.current);
      return memory.hand(result, data, size) ? OK : INVALID_MEMORY_ACCESS;
    },
  };
}

function vmImports(host: Host) {
  const { memory, metrics } = host;
  return {
    proxy_log(level: number, text: number, size: number): number {
      host.logs.push({ level, text: memory.text(text, size) });
      return OK;
    },
    proxy_get_current_time_nanoseconds(result: number): number {
      memory.writeU64(result, BigInt(host.nowMs) * 1_000_000n);
      return OK;
    },
    proxy_set_tick_period_milliseconds(periodMs: number): number {
      if (!(host.current instanceof Root)) return BAD_ARGUMENT;
      host.current.tickPeriodMs = periodMs;
      return OK;
    },
    proxy_get_shared_data(key: number, keySize: number, data: number, size: number, casAt: number): number {
      const found = host.sharedData.get(memory.text(key, keySize));
      if (found === undefined) return NOT_FOUND;
      memory.writeU32(casAt, found.cas);
      return memory.hand(found.value, data, size) ? OK : INVALID_MEMORY_ACCESS;
    },
    proxy_set_shared_data: (key: number, keySize: number, value: number, size: number, cas: number) =>
      host.sharedData.set(memory.text(key, keySize), memory.bytes(value, size), cas) ? OK : CAS_MISMATCH,
    proxy_define_metric(kind: number, name: number, size: number, idAt: number): number {
      const id = metrics.define(kind, memory.text(name, size));
      if (id === undefined) return BAD_ARGUMENT;
      memory.writeU32(idAt, id);
      return OK;
    },
    proxy_increment_metric: (id: number, by: bigint) => (metrics.increment(id, by) ? OK : BAD_ARGUMENT),
    proxy_record_metric: (id: number, value: bigint) => (metrics.record(id, value) ? OK : BAD_ARGUMENT),
    proxy_get_metric(id: number, valueAt: number): number {
      const value = metrics.read(id);
      if (value === undefined) return BAD_ARGUMENT;
      memory.writeU64(valueAt, value);
      return OK;
    },
  };
}

/** A clock of WASI's. */
const MONOTONIC = 1;

export function imports(host: Host): WebAssembly.Imports {
  const env = {
    ...headerImports(host),
    ...bufferImports(host),
    ...streamImports(host),
    ...calloutImports(host),
    ...vmImports(host),
  };
  const random_get = (pointer: number, length: number): number => {
    host.memory.write(pointer, randomFillSync(Buffer.alloc(length >>> 0)));
    return 0;
  };
  const clock_time_get = (clock: number, _precision: bigint, result: number): number => {
    const time = Buffer.alloc(8);
    time.writeBigUInt64LE(BigInt(clock === MONOTONIC ? host.monotonicMs : host.nowMs) * 1_000_000n);
    host.memory.write(result, time);
    return 0;
  };
  return { env, wasi_snapshot_preview1: { random_get, clock_time_get } };
}
