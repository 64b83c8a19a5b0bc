// The Response object and its items, as whole replies and the events of streams have them. Ids are made from the
// provider's id of the reply and the item's place, so that every event of an item names the same.
//
//   resp_<id>      msg_<id>_0   rs_<id>_1   fc_<id>_2

import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { Value } from "../translation/value";
import { ECHO_BYTES_MAX } from "./responses-to-chat-echo";
import { ResponsesUsage } from "./responses-usage";

const MODEL_BYTES_MAX: i32 = 64 * 1024;
const ID_BYTES_MAX: i32 = 1024;

export enum ResponseStatus {
  IN_PROGRESS = 0,
  COMPLETED = 1,
  /** Cut by the cap of tokens. */
  TOO_LONG = 2,
  /** Cut by the provider's filter. */
  FILTERED = 3,
  FAILED = 4,
}

/** What a reply is, whoever writes it; pooled with its translator. */
export class ResponseHead {
  /** The model as the client wrote it, raw string content: replies name it, not the provider's. */
  readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  /** What the reply repeats of the request: JSON members (`writeEcho`). */
  readonly echo: ByteWriter = new ByteWriter(ECHO_BYTES_MAX);
  /** Raw string content. */
  readonly id: ByteWriter = new ByteWriter(ID_BYTES_MAX);
  readonly serviceTier: ByteWriter = new ByteWriter(ID_BYTES_MAX);
  created: i64 = 0;
  status: ResponseStatus = ResponseStatus.IN_PROGRESS;
  readonly usage: ResponsesUsage = new ResponsesUsage();

  reset(): void {
    this.id.reset();
    this.serviceTier.reset();
    this.created = 0;
    this.status = ResponseStatus.IN_PROGRESS;
    this.usage.reset();
  }

  /** Takes what stands at the top of a chat reply or of a chunk. */
  take(id: Value, created: i64, serviceTier: Value): void {
    if (id.isText && id.length <= ID_BYTES_MAX) this.id.reset().writeBytes(id.pointer, id.length);
    else this.id.reset().writeAscii("chat");
    this.created = created;
    this.takeTier(serviceTier);
  }

  takeTier(serviceTier: Value): void {
    if (serviceTier.isText && serviceTier.length <= ID_BYTES_MAX) {
      this.serviceTier.reset().writeBytes(serviceTier.pointer, serviceTier.length);
    }
  }

  /** Chat's finish reason; anything but a cut is an answer. */
  finish(reason: Value): void {
    if (reason.is("length")) this.status = ResponseStatus.TOO_LONG;
    else if (reason.is("content_filter")) this.status = ResponseStatus.FILTERED;
    else if (reason.isString) this.status = ResponseStatus.COMPLETED;
  }

  get isCut(): bool {
    return this.status == ResponseStatus.TOO_LONG || this.status == ResponseStatus.FILTERED;
  }

  /** The object up to the value of its last member but one, `output`. `failure` is a JSON text, empty for none. */
  begin(json: JsonWriter, out: ByteWriter, failure: ByteWriter): void {
    const status = this.status;
    json.objectBegin();
    json.key("id");
    json.stringBegin();
    out.writeAscii("resp_");
    out.writeBytes(this.id.pointer, this.id.length);
    json.stringEnd();
    json.key("object");
    json.ascii("response");
    json.key("created_at");
    json.integer(this.created);
    json.key("status");
    json.ascii(statusName(status));
    json.key("background");
    json.boolean(false);
    json.key("error");
    if (failure.length > 0) json.raw(failure.pointer, failure.length);
    else json.nil();
    json.key("incomplete_details");
    if (this.isCut) {
      json.objectBegin();
      json.key("reason");
      json.ascii(status == ResponseStatus.TOO_LONG ? "max_output_tokens" : "content_filter");
      json.objectEnd();
    } else {
      json.nil();
    }
    json.key("model");
    json.rawString(this.model.pointer, this.model.length);
    if (this.serviceTier.length > 0) {
      json.key("service_tier");
      json.rawString(this.serviceTier.pointer, this.serviceTier.length);
    }
    json.raw(this.echo.pointer, this.echo.length);
    json.key("output");
  }

  end(json: JsonWriter): void {
    json.key("usage");
    this.usage.write(json);
    json.objectEnd();
  }

  /** An item's id as a value: its prefix names its kind, `place` is its place in the output. */
  itemId(json: JsonWriter, out: ByteWriter, prefix: string, place: i32): void {
    json.stringBegin();
    out.writeAscii(prefix);
    out.writeBytes(this.id.pointer, this.id.length);
    out.writeAscii("_");
    out.writeUnsigned(place);
    json.stringEnd();
  }
}

function statusName(status: ResponseStatus): string {
  switch (status) {
    case ResponseStatus.IN_PROGRESS:
      return "in_progress";
    case ResponseStatus.COMPLETED:
      return "completed";
    case ResponseStatus.FAILED:
      return "failed";
    default:
      return "incomplete";
  }
}
