// What the fuzz of the translators damages: the requests of every client API and the replies, errors and streams of every
// dialect, as the golden cases have them.
import type { Random } from "../filter/random.ts";
import { type CaseFile, goldenCases } from "../translation/cases.ts";
import { awsEventStream, type ClientApi, type DialectName, ends } from "../translation/kit.ts";
import { type Json, mutateBytes, mutateJson, textOf } from "./mutate.ts";

/** A stream is a text of server-sent events, or the lines that stand for a binary AWS event stream. */
export interface Stream {
  readonly binary: boolean;
  readonly text: string;
}

interface Replies {
  readonly replies: string[];
  readonly errors: string[];
  readonly streams: Stream[];
}

export interface Corpus {
  readonly requests: Map<ClientApi, string[]>;
  readonly dialects: Map<DialectName, Replies>;
}

export function readCorpus(): Corpus {
  const corpus: Corpus = { requests: new Map(), dialects: new Map() };
  for (const golden of goldenCases()) {
    const { api, dialect } = ends(golden.direction);
    const requests = corpus.requests.get(api) ?? [];
    const own = corpus.dialects.get(dialect) ?? { replies: [], errors: [], streams: [] };
    corpus.requests.set(api, requests);
    corpus.dialects.set(dialect, own);
    const add = (file: CaseFile, to: string[]) => golden.has(file) && to.push(golden.text(file).trimEnd());
    add("downstream-request.json", requests);
    add("upstream-reply.json", own.replies);
    add("upstream-error.json", own.errors);
    if (golden.has("upstream-stream.sse"))
      own.streams.push({ binary: false, text: golden.text("upstream-stream.sse") });
    if (golden.has("upstream-stream.jsonl")) {
      own.streams.push({ binary: true, text: golden.text("upstream-stream.jsonl") });
    }
  }
  return corpus;
}

/** Sometimes as it is, mostly with other values in it, sometimes with other bytes. */
export function damagedDocument(random: Random, text: string): Buffer {
  const kind = random.below(6);
  if (kind === 0) return Buffer.from(text);
  const mutated = kind < 4 ? damagedJson(random, text) : text;
  return kind === 1 || kind > 3 ? mutateBytes(random, Buffer.from(mutated)) : Buffer.from(mutated);
}

/** The same of a stream: events with other values, events that are lost, doubled or swapped, other bytes. */
export function damagedStream(random: Random, { binary, text }: Stream): Buffer {
  const kind = random.below(6);
  const separator = binary ? "\n" : "\n\n";
  const whole = text.split(separator).filter((event) => event.trim() !== "");
  const events =
    kind < 2 ? whole : whole.map((event) => (random.chance(4) ? damagedEvent(random, event, binary) : event));
  const order = kind === 3 ? events.flatMap((event) => repeated(random, event)) : events;
  if (order.length > 1 && kind === 4) {
    const at = random.below(order.length - 1);
    order.splice(at, 2, order[at + 1] as string, order[at] as string);
  }
  const joined = `${order.join(separator)}${separator}`;
  const bytes = binary ? awsEventStream(joined) : Buffer.from(joined);
  return kind === 1 || random.chance(6) ? mutateBytes(random, bytes) : bytes;
}

function repeated(random: Random, event: string): string[] {
  return Array<string>(random.pick([0, 1, 1, 1, 2, 5])).fill(event);
}

function damagedEvent(random: Random, event: string, binary: boolean): string {
  if (binary) {
    const { payload, ...head } = JSON.parse(event) as { payload: Json };
    return JSON.stringify({ ...head, payload: mutateJson(random, payload) });
  }
  return event.replace(/(?<=^data: ?)\{.*$/m, (data) => damagedJson(random, data));
}

/** A text that is no JSON on purpose stays as it is. */
function damagedJson(random: Random, text: string): string {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return text;
  }
  return textOf(mutateJson(random, value));
}
