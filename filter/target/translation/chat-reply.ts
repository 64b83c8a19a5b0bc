// The frame of a whole chat completion, around the message that a back writes.

import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { nowMs, nowNs } from "../../sdk";
import { ChatUsage } from "./chat-usage";

const ID_BYTES_MAX: i32 = 32;
const newId = new ByteWriter(ID_BYTES_MAX);

/** For providers that give their replies no id: the time. */
export function writeNewChatId(out: ByteWriter): void {
  out.writeAscii("chatcmpl-");
  out.writeUnsigned(nowNs());
}

/** Up to the value of `message`, which the caller writes next. Of an empty id, raw string content, it makes a new one. */
export function beginChatReply(json: JsonWriter, id: usize, idLength: i32, model: ByteWriter): void {
  if (idLength == 0) {
    writeNewChatId(newId.reset());
    id = newId.pointer;
    idLength = newId.length;
  }
  beginChoices(json, id, idLength, nowMs() / 1000, model);
  json.objectBegin();
  json.key("index");
  json.integer(0);
  json.key("message");
}

/** Up to the open array of choices. `created` is in Unix seconds. */
export function beginChoices(json: JsonWriter, id: usize, idLength: i32, created: i64, model: ByteWriter): void {
  json.objectBegin();
  json.key("id");
  json.rawString(id, idLength);
  json.key("object");
  json.ascii("chat.completion");
  json.key("created");
  json.integer(created);
  json.key("model");
  json.rawString(model.pointer, model.length);
  json.key("choices");
  json.arrayBegin();
}

/** Behind `message` and `logprobs`. Further members of the choice may follow. */
export function writeFinishReason(json: JsonWriter, finish: string): void {
  json.key("finish_reason");
  json.ascii(finish);
}

/** Closes choice and choices; further members of the reply may follow, `endChatReply` is last. */
export function endChoices(json: JsonWriter): void {
  json.objectEnd();
  json.arrayEnd();
}

export function endChatReply(json: JsonWriter, usage: ChatUsage): void {
  json.key("usage");
  usage.write(json);
  json.objectEnd();
}
