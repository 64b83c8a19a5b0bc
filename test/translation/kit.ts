// The translators as wasm, without Envoy: hand in a body or a stream, get what the other side would see. Inputs lie right
// before the end of memory, so that reading one byte too far is a trap, and a trap fails the test.

import {
  Dialect,
  FILTER_ERRORS,
  Operation,
  PLAN_FORMAT,
  PLAN_HEADER_BYTES,
  PlanFlag,
  Protocol,
  TARGET_HEADER_BYTES,
} from "../../control-plane/contract.ts";
import { eventFrame, exceptionFrame } from "../../examples/demo-providers/event-stream.mjs";
import { compiledTestkit } from "../filter/testkit.ts";

/** The clock of the module stands still here: 1,700,000,000 seconds and a bit. */
export const CREATED = 1_700_000_000;
export const TRANSLATED = -1;
/** An error that the provider sent with a status of success. */
const FAILED = -2;
const PAGE_BYTES = 65_536;
/** SEAL_KEY_BYTES long. */
export const SEAL_KEY = "a-seal-key-for-translation-tests";

export const Signal = { PREAMBLE: 0, CONTENT: 1, END: 2, ERROR: 3 } as const;
/** The APIs whose requests are translated, with their protocols, and the dialects of providers. */
const OPERATIONS = {
  chat: { operation: Operation.CHAT, protocol: Protocol.OPENAI },
  responses: { operation: Operation.RESPONSES, protocol: Protocol.OPENAI },
  messages: { operation: Operation.MESSAGES, protocol: Protocol.ANTHROPIC },
  countTokens: { operation: Operation.COUNT_TOKENS, protocol: Protocol.ANTHROPIC },
  embeddings: { operation: Operation.EMBEDDINGS, protocol: Protocol.OPENAI },
  generateContent: { operation: Operation.GENERATE_CONTENT, protocol: Protocol.GEMINI },
} as const;
const DIALECTS = {
  openai: Dialect.OPENAI,
  anthropic: Dialect.ANTHROPIC,
  azure: Dialect.AZURE,
  gemini: Dialect.GEMINI,
  bedrock: Dialect.BEDROCK,
  cohere: Dialect.COHERE,
  "anthropic-bedrock": Dialect.ANTHROPIC_BEDROCK,
  "anthropic-vertex": Dialect.ANTHROPIC_VERTEX,
  dify: Dialect.DIFY,
  coze: Dialect.COZE,
  bailian: Dialect.BAILIAN,
} as const;
export type ClientApi = keyof typeof OPERATIONS;
export type DialectName = keyof typeof DIALECTS;
/** From the client's API to the provider's dialect. */
export type Direction = `${ClientApi}-to-${DialectName}`;

export const CLIENT_APIS = Object.keys(OPERATIONS) as ClientApi[];
export const DIALECT_NAMES = Object.keys(DIALECTS) as DialectName[];

export function ends(direction: Direction): { api: ClientApi; dialect: DialectName } {
  const at = direction.indexOf("-to-");
  return { api: direction.slice(0, at) as ClientApi, dialect: direction.slice(at + 4) as DialectName };
}

export interface PlanOptions {
  stream?: boolean;
  streamUsage?: boolean;
  defaultMaxTokens?: number;
  /** Raw JSON string content, as the client wrote it and as the target has it. */
  originalModel?: string;
  requestModel?: string;
  /** The model route refuses what would be dropped. */
  strict?: boolean;
  /** Bits of the enumeration Quirk. */
  quirks?: number;
  /** Of the target; absent, /v1. */
  basePath?: string;
  /** What the target has behind the "?" of its path. */
  query?: string;
  /** What the client sent in the header of that name. */
  anthropicBeta?: string;
  /** Dialects of the targets behind the one that is tried. */
  alsoLeadsTo?: DialectName[];
}

export interface Outcome {
  /** "translated", "failed" (an error that came with a status of success), or a code of contract/errors.json. */
  code: string;
  text: string;
  detail: string;
}

export interface SseEvent {
  type: string;
  data: string;
}

type WasmFunction = (...parameters: number[]) => number;

const wasm = compiledTestkit("filter/testkit/translation.ts", "testkit-translation");

function str16(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** ARCHITECTURE.md §2.2 and §2.3; the first target is tried. */
function planBytes(direction: Direction, options: PlanOptions): Buffer {
  const { api, dialect } = ends(direction);
  const { operation, protocol } = OPERATIONS[api];
  const strings = Buffer.concat([
    str16(options.originalModel ?? "public-model"),
    ...["", options.anthropicBeta ?? "", "", ""].map(str16),
    str16(SEAL_KEY),
  ]);
  const texts = [
    "cluster",
    "target",
    "provider.test",
    options.basePath ?? "/v1",
    options.requestModel ?? "provider-model",
    options.query ?? "",
  ].map(str16);
  const records = [dialect, ...(options.alsoLeadsTo ?? [])].map((name) => {
    const record = Buffer.concat([Buffer.alloc(TARGET_HEADER_BYTES), ...texts]);
    record.writeUInt16LE(record.length, 0);
    record.writeUInt8(DIALECTS[name], 2);
    record.writeUInt32LE(options.defaultMaxTokens ?? 0, 4);
    record.writeUInt32LE(options.quirks ?? 0, 8);
    return record;
  });
  const header = Buffer.alloc(PLAN_HEADER_BYTES);
  const flags =
    (options.stream ? PlanFlag.STREAM : 0) |
    (options.streamUsage ? PlanFlag.STREAM_USAGE : 0) |
    (options.strict ? PlanFlag.STRICT : 0);
  header.set([PLAN_FORMAT, protocol, operation, flags, records.length, 0], 0);
  header.writeUInt16LE(PLAN_HEADER_BYTES + strings.length, 6);
  return Buffer.concat([header, strings, ...records]);
}

/** The events of a stream; the text must be one that our own writers make. */
export function eventsOf(text: string): SseEvent[] {
  const events: SseEvent[] = [];
  for (const block of text.split("\n\n")) {
    if (block.trim() === "") continue;
    const lines = block.trimStart().split("\n");
    const type = lines.find((line) => line.startsWith("event: "))?.slice(7) ?? "";
    const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
    events.push({ type, data: data.join("\n") });
  }
  return events;
}

/** A binary AWS event stream from one `{"event": …, "payload": …}` or `{"exception": …, "payload": …}` a line. */
export function awsEventStream(lines: string): Buffer {
  const frames = lines
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as { event?: string; exception?: string; payload: unknown })
    .map(({ event, exception = "", payload }) =>
      event === undefined ? exceptionFrame(exception, payload) : eventFrame(event, payload),
    );
  return Buffer.concat(frames);
}

export class Translators {
  private readonly exports: Record<string, WasmFunction>;
  private readonly memory: WebAssembly.Memory;
  private inputEnd = -1;
  private inputBytes = 0;
  private plan = 0;

  constructor() {
    const env = {
      proxy_log: (): never => {
        throw new Error("the module aborted");
      },
      proxy_get_current_time_nanoseconds: (pointer: number): number => {
        new DataView(this.memory.buffer).setBigUint64(pointer, BigInt(CREATED) * 1_000_000_000n + 5n, true);
        return 0;
      },
    };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env });
    this.exports = instance.exports as Record<string, WasmFunction>;
    this.memory = instance.exports.memory as WebAssembly.Memory;
    this.call("_initialize");
  }

  begin(direction: Direction, options: PlanOptions = {}): void {
    if (!this.tryBegin(direction, options)) {
      throw new Error(`the plan cannot be read, or ${direction} has no translator`);
    }
  }

  /** False when bytes pass as they are, or client and provider have nothing in common. */
  tryBegin(direction: Direction, options: PlanOptions = {}): boolean {
    const plan = planBytes(direction, options);
    // The plan is read again with the request: it must outlive the inputs.
    if (this.plan !== 0) this.call("free", this.plan);
    const pointer = this.call("allocate", plan.length) >>> 0;
    this.plan = pointer;
    new Uint8Array(this.memory.buffer, pointer, plan.length).set(plan);
    return this.call("begin", pointer, plan.length) !== 0;
  }

  path(): string {
    this.call("path");
    return this.output();
  }

  request(body: string | Uint8Array): Outcome {
    return this.outcome(this.call("request", ...this.put(body)));
  }

  reply(body: string | Uint8Array): Outcome {
    return this.outcome(this.call("reply", ...this.put(body)));
  }

  replyWithin(body: string, bytesMax: number): Outcome {
    return this.outcome(this.call("replyWithin", ...this.put(body), bytesMax));
  }

  error(status: number, body: string | Uint8Array): Outcome {
    return this.outcome(this.call("error", status, ...this.put(body)));
  }

  /** What a reply that failed is for the client. */
  failureStatus(): number {
    return this.call("failureStatus");
  }

  streamError(code: number): string {
    this.call("streamError", code);
    return this.output();
  }

  /** Sends a provider's stream in these pieces; answers what the client gets and the signal of every piece. */
  stream(pieces: readonly Uint8Array[]): { text: string; signals: number[] } {
    this.call("clear");
    const signals: number[] = [];
    for (const piece of pieces) signals.push(this.call("push", ...this.put(piece)));
    signals.push(this.call("finish"));
    return { text: this.output(), signals };
  }

  /** Of a stream that passes as it is: what the first pieces mean for a retry, and whether it came to its end. */
  passing(pieces: readonly Uint8Array[]): { signals: number[]; isComplete: boolean } {
    const signals = pieces.map((piece) => this.call("passingSignal", ...this.put(piece)));
    return { signals, isComplete: this.call("passesComplete") !== 0 };
  }

  /** Whether a reply, or an error, passes as it is. */
  passesReply(body: string): boolean {
    return this.call("passesReply", ...this.put(body)) !== 0;
  }

  passesError(body: string): boolean {
    return this.call("passesError", ...this.put(body)) !== 0;
  }

  /** Names of the fields that the last request lost, and how many they were. */
  dropped(): { names: string[]; count: number } {
    const count = this.call("dropped");
    const names = this.output();
    return { names: names === "" ? [] : names.split(", "), count };
  }

  memoryBytes(): number {
    return this.memory.buffer.byteLength;
  }

  private outcome(code: number): Outcome {
    const own = code === FAILED ? "failed" : FILTER_ERRORS[code]?.code;
    const name = code === TRANSLATED ? "translated" : own;
    if (name === undefined) throw new Error(`there is no error ${code}`);
    return {
      code: name,
      text: this.output(),
      detail: this.read(this.call("detailPointer"), this.call("detailLength")),
    };
  }

  private output(): string {
    return this.read(this.call("outPointer"), this.call("outLength"));
  }

  private read(pointer: number, length: number): string {
    return Buffer.from(new Uint8Array(this.memory.buffer, pointer >>> 0, length)).toString("utf8");
  }

  private put(input: string | Uint8Array): [number, number] {
    const bytes = typeof input === "string" ? Buffer.from(input) : input;
    if (this.memory.buffer.byteLength !== this.inputEnd || bytes.length > this.inputBytes) {
      // The module's own allocator leaves pages alone that it did not add.
      const pages = Math.max(1, Math.ceil(bytes.length / PAGE_BYTES));
      this.memory.grow(pages);
      this.inputEnd = this.memory.buffer.byteLength;
      this.inputBytes = pages * PAGE_BYTES;
    }
    const pointer = this.inputEnd - bytes.length;
    new Uint8Array(this.memory.buffer, pointer, bytes.length).set(bytes);
    return [pointer, bytes.length];
  }

  private call(name: string, ...parameters: number[]): number {
    const exported = this.exports[name];
    if (!exported) throw new Error(`the test kit exports no ${name}`);
    return exported(...parameters);
  }
}
