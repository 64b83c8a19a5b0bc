// The frame of a Responses stream: every event is numbered and names its place, and what is finished is kept for the last
// event, which repeats it all. What the events say is for `responses-to-chat-events.ts`.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import { sseBegin, sseEnd } from "../../sse/writer";
import { MESSAGE_PREFIX, REASONING_PREFIX, writeList } from "./response-items";
import { ResponseHead, ResponseStatus } from "./response-object";
import { writeErrorEvent, writeProviderErrorEvent } from "./responses-to-chat-errors";

/** As much as a whole reply may be. */
export const OUTPUT_BYTES_MAX: i32 = 8 * 1024 * 1024;

/** The event being written, and the item that is being finished. */
export const json = new JsonWriter(new ByteWriter(0));
export const kept = new JsonWriter(new ByteWriter(0));
export const none = new ByteWriter(0);

/** What a failed response says of its error. */
const failure = new ByteWriter(OUTPUT_BYTES_MAX);

export class ResponseEventFrame {
  /** Finished items, divided by commas. */
  readonly items: ByteWriter = new ByteWriter(OUTPUT_BYTES_MAX);
  /** Where the newest of them begins. */
  private keptStart: i32 = 0;
  /** Place of the open item in the output, or of the next. */
  place: i32 = 0;
  /** Place of the open part in the open message. */
  partCount: i32 = 0;
  sequence: i32 = 0;
  out: ByteWriter = none;

  constructor(readonly head: ResponseHead) {}

  /** Where the events of this callback go. */
  to(out: ByteWriter): void {
    this.out = out;
  }

  begin(): void {
    this.response("response.created", none);
    this.response("response.in_progress", none);
  }

  /** Forgets what is too long to be kept, so that a failed response can still be written. */
  giveUp(): void {
    this.items.reset();
  }

  fail(code: ErrorCode, started: bool): void {
    writeErrorEvent(this.sequence++, code, this.out, failure);
    if (started) this.failed();
  }

  /** False when the data tells no error. */
  failAsProvider(data: usize, length: i32, started: bool): bool {
    if (!writeProviderErrorEvent(this.sequence, data, length, this.out, failure)) return false;
    this.sequence++;
    if (started) this.failed();
    return true;
  }

  protected resetFrame(): void {
    this.items.reset();
    this.place = 0;
    this.partCount = 0;
    this.sequence = 0;
  }

  protected beginKept(): ByteWriter {
    const items = this.items;
    if (items.length > 0) items.writeAscii(",");
    this.keptStart = items.length;
    kept.reset(items);
    return items;
  }

  /** Tells of the item that was written behind `beginKept`. */
  protected itemDone(): void {
    const items = this.items;
    this.begins("response.output_item.done");
    json.key("item");
    json.raw(items.pointer + <usize>this.keptStart, items.length - this.keptStart);
    this.finish();
    this.place++;
  }

  private failed(): void {
    this.head.status = ResponseStatus.FAILED;
    this.response("response.failed", failure);
  }

  protected response(type: string, error: ByteWriter): void {
    this.eventBegin(type);
    json.key("response");
    this.head.begin(json, this.out, error);
    writeList(json, this.items);
    this.head.end(json);
    this.finish();
  }

  /** An event of the open item: its place follows the type. */
  protected begins(type: string): void {
    this.eventBegin(type);
    json.key("output_index");
    json.integer(this.place);
  }

  protected beginItemEvent(type: string, prefix: string): void {
    this.begins(type);
    json.key("item_id");
    this.head.itemId(json, this.out, prefix, this.place);
  }

  protected beginPartEvent(type: string): void {
    this.beginItemEvent(type, MESSAGE_PREFIX);
    json.key("content_index");
    json.integer(this.partCount);
  }

  protected beginSummaryEvent(type: string): void {
    this.beginItemEvent(type, REASONING_PREFIX);
    json.key("summary_index");
    json.integer(0);
  }

  protected eventBegin(type: string): void {
    sseBegin(this.out, type);
    json.reset(this.out).objectBegin();
    json.key("type");
    json.ascii(type);
    json.key("sequence_number");
    json.integer(this.sequence++);
  }

  protected finish(): void {
    json.objectEnd();
    sseEnd(this.out);
  }
}
