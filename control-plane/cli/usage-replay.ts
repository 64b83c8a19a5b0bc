// `sluice usage replay`: sends the usage events of access logs to the control plane, which counts each id once. It may
// be run on the same files as often as one likes, also while they are being written.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { readLogLine } from "../usage/access-log.js";
import { CommandError, type OperatorClientOptions, post } from "./operator-client.js";

/** Within what one request may hold: events have at most 16 KiB. */
const BATCH_EVENTS = 500;
const BATCH_BYTES = 512 * 1024;
const PATH = "/api/v1/usage/events";

export interface ReplaySummary {
  lines: number;
  events: number;
  accepted: number;
  duplicates: number;
  refused: number;
}

interface IngestAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: number;
  readonly defects: readonly { readonly index: number; readonly message: string }[];
}

export interface ReplayOptions extends OperatorClientOptions {
  /** `-` is standard input. */
  readonly files: readonly string[];
  readonly stdin?: Readable;
  /** Told of each event that is refused: `access.log:12: tokens.input: …`. */
  readonly onDefect?: (text: string) => void;
}

class Replay {
  readonly summary: ReplaySummary = { lines: 0, events: 0, accepted: 0, duplicates: 0, refused: 0 };
  #values: unknown[] = [];
  /** Where each value was found. */
  #places: string[] = [];
  #bytes = 0;

  constructor(private readonly options: ReplayOptions) {}

  async file(name: string, stream: Readable): Promise<void> {
    let number = 0;
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      await this.#line(line, `${name}:${++number}`);
    }
    await this.#flush();
  }

  async #line(line: string, place: string): Promise<void> {
    this.summary.lines++;
    const found = readLogLine(line);
    if (found.kind === "other") return;
    this.summary.events++;
    if (found.kind === "broken") {
      this.summary.refused++;
      this.options.onDefect?.(`${place}: is not whole`);
      return;
    }
    const bytes = Buffer.byteLength(line);
    if (this.#values.length >= BATCH_EVENTS || this.#bytes + bytes > BATCH_BYTES) await this.#flush();
    this.#values.push(found.value);
    this.#places.push(place);
    this.#bytes += bytes;
  }

  async #flush(): Promise<void> {
    const [events, places] = [this.#values, this.#places];
    this.#values = [];
    this.#places = [];
    this.#bytes = 0;
    if (events.length === 0) return;
    const answer = (await post(this.options, PATH, { events })) as IngestAnswer;
    this.summary.accepted += answer.accepted;
    this.summary.duplicates += answer.duplicates;
    this.summary.refused += answer.refused;
    for (const { index, message } of answer.defects) this.options.onDefect?.(`${places[index]}: ${message}`);
  }
}

/** Throws CommandError if a file cannot be read or the control plane not be reached; what was sent until then counts. */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  const run = new Replay(options);
  for (const name of options.files) {
    const stream = name === "-" ? (options.stdin ?? process.stdin) : createReadStream(name);
    await run.file(name, stream).catch((error: NodeJS.ErrnoException) => {
      if (error instanceof CommandError || error.code === undefined) throw error;
      throw new CommandError(`${name} cannot be read (${error.code}).`);
    });
  }
  return run.summary;
}
