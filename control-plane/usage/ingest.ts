// Takes batches of usage events from whoever emits them: the filter by the callout API, a replay by the operator API.
// One bad event costs itself and never its batch; what is not refused is on disk when the promise resolves.
import { isUtf8 } from "node:buffer";
import type { Logger } from "../logger.js";
import { type ParsedEvent, parseEvent, parseEventLine, type UsageEvent } from "./event.js";
import { BATCH_EVENTS_MAX, type UsageStore } from "./usage-store.js";

const LINE_FEED = 0x0a;
/** A batch of nonsense needs no more to be understood. */
const DEFECTS_MAX = 20;

export interface Defect {
  /** Place in the batch, from 0; blank lines count. */
  readonly index: number;
  readonly message: string;
}

export interface IngestOutcome {
  /** New: stored and counted now. */
  readonly accepted: number;
  /** Known by their ids: nothing changed. */
  readonly duplicates: number;
  /** Malformed, or from before what is kept: sending them again is of no use. */
  readonly refused: number;
  /** Of the malformed: the first few. */
  readonly defects: readonly Defect[];
}

/** Takes the outcome of each batch that was stored. */
export type IngestObserver = (outcome: IngestOutcome) => void;

function parseLine(line: Buffer): ParsedEvent {
  return isUtf8(line) ? parseEventLine(line.toString("utf8")) : { defect: "is not UTF-8" };
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function* linesOf(batch: Buffer): Generator<Buffer> {
  for (let from = 0; from < batch.length; ) {
    const found = batch.indexOf(LINE_FEED, from);
    const to = found === -1 ? batch.length : found;
    yield batch.subarray(from, to);
    from = to + 1;
  }
}

export class UsageIngest {
  constructor(
    private readonly store: UsageStore,
    private readonly log: Logger,
    private readonly observe: IngestObserver = () => {},
  ) {}

  /**
   * Newline-delimited JSON, one event a line (see event.ts). Rejects with UsageStoreUnavailable if not all that is valid
   * could be stored: the whole batch may then be sent again, as an id counts once.
   */
  ingest(batch: Buffer): Promise<IngestOutcome> {
    return this.#store([...linesOf(batch)].map((line) => (isBlank(line) ? undefined : parseLine(line))));
  }

  /** The same of events that are parsed JSON. */
  ingestEvents(values: readonly unknown[]): Promise<IngestOutcome> {
    return this.#store(values.map(parseEvent));
  }

  async #store(parsed: readonly (ParsedEvent | undefined)[]): Promise<IngestOutcome> {
    const events: UsageEvent[] = [];
    const defects: Defect[] = [];
    for (const [index, each] of parsed.entries()) {
      if (each === undefined) continue;
      if ("event" in each) events.push(each.event);
      else defects.push({ index, message: each.defect });
    }
    let [accepted, duplicates, refused] = [0, 0, defects.length];
    for (let from = 0; from < events.length; from += BATCH_EVENTS_MAX) {
      const { stored, repeated, tooOld } = await this.store.append(events.slice(from, from + BATCH_EVENTS_MAX));
      accepted += stored;
      duplicates += repeated;
      refused += tooOld;
    }
    const outcome = { accepted, duplicates, refused, defects: defects.slice(0, DEFECTS_MAX) };
    if (refused > 0) {
      this.log.warn("usage events refused", { refused, malformed: defects.length, first: defects[0]?.message });
    }
    this.observe(outcome);
    return outcome;
  }
}
