// Properties, shared data, metrics, clock, log and foreign functions, each from one request.

import {
  Action,
  BufferKind,
  callForeignFunction,
  clearRouteCache,
  getBuffer,
  getProperty,
  getSharedData,
  Literal,
  LogLevel,
  logBytes,
  logLiteral,
  Metric,
  MetricKind,
  nowMs,
  nowNs,
  RootContext,
  StreamContext,
  setProperty,
  setSharedData,
  setTickPeriod,
  sharedDataCas,
  utf8,
} from "proxy-wasm-assemblyscript-sdk";
import { answer, answerOr, say } from "./say";

const PROBE = utf8("sdk_probe");
const WASM_PROBE = utf8("wasm.sdk_probe");
const FILTER_STATE = utf8("filter_state\0wasm.sdk_probe");
const PATH = utf8("request\0path");
const UNKNOWN = utf8("no\0such");
const ROOT_ID = utf8("plugin_root_id");
const VALUE = utf8("first");
const OTHER = utf8("second");
const KEY = utf8("probe/key");
const COUNTER = new Metric(MetricKind.COUNTER, utf8("probe_counter"));
const SAME_COUNTER = new Metric(MetricKind.COUNTER, utf8("probe_counter"));
const GAUGE = new Metric(MetricKind.GAUGE, utf8("probe_gauge"));
const HISTOGRAM = new Metric(MetricKind.HISTOGRAM, utf8("probe_histogram"));
const LITERAL = utf8("probe: literal");
const NO_FUNCTION = utf8("no_such_function");
const COMPRESS = utf8("compress");

function property(path: Literal): string {
  return answerOr(getProperty(path.pointer, path.length));
}

function properties(): void {
  say(`before ${property(PROBE)}`);
  say(`set ${setProperty(PROBE.pointer, PROBE.length, VALUE.pointer, VALUE.length)}`);
  say(`own ${property(PROBE)}`);
  say(`wasm. ${property(WASM_PROBE)}`);
  say(`filter_state ${property(FILTER_STATE)}`);
  say(`set again ${setProperty(PROBE.pointer, PROBE.length, OTHER.pointer, OTHER.length)}`);
  say(`own ${property(PROBE)}`);
  say(`path ${property(PATH)}`);
  say(`unknown ${property(UNKNOWN)}`);
  say(`root ${property(ROOT_ID)}`);
}

function sharedData(): void {
  say(`first ${answerOr(getSharedData(KEY.pointer, KEY.length))}`);
  say(`create ${setSharedData(KEY.pointer, KEY.length, VALUE.pointer, VALUE.length, 0)}`);
  say(`read ${answerOr(getSharedData(KEY.pointer, KEY.length))}`);
  const cas = sharedDataCas();
  say(`cas ${cas != 0}`);
  say(`swap ${setSharedData(KEY.pointer, KEY.length, OTHER.pointer, OTHER.length, cas)}`);
  say(`swap with the old number ${setSharedData(KEY.pointer, KEY.length, VALUE.pointer, VALUE.length, cas)}`);
  say(`read ${answerOr(getSharedData(KEY.pointer, KEY.length))}`);
  say(`overwrite ${setSharedData(KEY.pointer, KEY.length, 0, 0, 0)}`);
  say(`read ${answerOr(getSharedData(KEY.pointer, KEY.length))}`);
}

function metrics(): void {
  COUNTER.increment(2);
  SAME_COUNTER.increment(3);
  say(`counter ${COUNTER.value()}`);
  GAUGE.record(7);
  GAUGE.increment(-2);
  say(`gauge ${GAUGE.value()}`);
  HISTOGRAM.record(12);
  say(`histogram ${HISTOGRAM.value()}`);
}

function others(): void {
  const ns = nowNs();
  say(`clock ${ns / 1_000_000 <= nowMs() && ns > 1_700_000_000_000_000_000}`);
  logLiteral(LogLevel.WARN, LITERAL);
  logBytes(LogLevel.WARN, LITERAL.pointer, LITERAL.length);
  say(`route cache ${clearRouteCache()}`);
  say(`no function ${callForeignFunction(NO_FUNCTION, 0, 0)}`);
  say(`compress ${callForeignFunction(COMPRESS, VALUE.pointer, VALUE.length)}`);
}

class StateStream extends StreamContext {
  onRequestHeaders(count: i32, endOfStream: bool): Action {
    getProperty(PATH.pointer, PATH.length);
    const path = answer();
    if (path == "/properties") properties();
    else if (path == "/shared-data") sharedData();
    else if (path == "/metrics") metrics();
    else if (path == "/others") others();
    return Action.CONTINUE;
  }
}

export class StateRoot extends RootContext {
  private ticks: i32 = 0;

  onStart(): bool {
    say(`start ${property(ROOT_ID)}`);
    COUNTER.define();
    SAME_COUNTER.define();
    GAUGE.define();
    HISTOGRAM.define();
    return true;
  }

  onConfigure(size: i32): bool {
    const configuration = size > 0 && getBuffer(BufferKind.PLUGIN_CONFIGURATION, 0, size) ? answer() : "";
    say(`configure ${configuration}`);
    if (configuration == "tick") setTickPeriod(20);
    return configuration != "bad";
  }

  onTick(): void {
    this.ticks++;
    say(`tick ${this.ticks}`);
    if (this.ticks == 2) setTickPeriod(0);
  }

  createStream(id: u32): StreamContext {
    return new StateStream();
  }

  onDelete(): void {
    say("root deleted");
  }
}
