// A chat request as a chat with a Coze bot. Coze knows users and assistants: what the system says becomes a message of the
// user in its place. A message with images is a JSON text within the JSON.
//
//   {"role":"user","content":[{"type":"text","text":"Hi"},{"type":"image_url","image_url":{"url":"https://…"}}]}
//     ─▶ {"role":"user","content_type":"object_string","content":"[{\"type\":\"text\",…},{\"type\":\"image\",\"file_url\":…}]"}

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import {
  hasImages,
  hasText,
  messageFields,
  nextImage,
  nextMessage,
  openImages,
  openMessages,
  Speaker,
  speaker,
  writeJoinedText,
} from "../agent/agent-messages";
import { AgentRequest, AgentUser } from "../agent/agent-request";
import { Plan } from "../plan";
import { Notes } from "../translation/notes";
import { Translation } from "../translation/translation";
import { Fields, Use } from "../translation/value";

const PARTS_BYTES_MAX: i32 = 64 * 1024 * 1024;

const request = new AgentRequest();
const user = new AgentUser(request);
request.fields.add("reasoning_effort", Use.DROPPED);
request.fields.add("thinking", Use.DROPPED);
const metadata = request.fields.add("metadata", Use.MAPPED);
/** The bot's variables, as an extension. */
const variables = request.fields.add("custom_variables", Use.NATIVE);

const t = new Translation();
const inner = new ByteWriter(PARTS_BYTES_MAX);
const innerJson = new JsonWriter(inner);

export const requestFields: Fields[] = [request.fields].concat(messageFields);

export function writeCozeRequest(plan: Plan, body: usize, length: i32, out: ByteWriter, notes: Notes): i32 {
  t.begin(out, notes);
  if (request.read(t, body, length)) writeRequest(plan);
  return t.end(ErrorCode.OVERLOADED);
}

function writeRequest(plan: Plan): bool {
  const json = t.json;
  json.objectBegin();
  json.key("bot_id");
  json.rawString(plan.modelPointer, plan.modelLength);
  if (!user.write(t, "user_id")) return false;
  json.key("stream");
  json.boolean(true);
  json.key("auto_save_history");
  json.boolean(false);
  if (metadata.present) {
    if (!metadata.isObject) return t.refuseType("metadata", "an object");
    json.key("meta_data");
    metadata.copyTo(json);
  }
  if (variables.present) {
    if (!variables.isObject) return t.refuseType("custom_variables", "an object");
    json.key("custom_variables");
    variables.copyTo(json);
  }
  if (!writeMessages()) return false;
  json.objectEnd();
  return true;
}

function writeMessages(): bool {
  if (!openMessages(t, request.messages)) return false;
  const json = t.json;
  let written = 0;
  json.key("additional_messages");
  json.arrayBegin();
  while (nextMessage(t)) {
    const isAnswer = speaker() == Speaker.ASSISTANT;
    json.objectBegin();
    json.key("role");
    json.ascii(isAnswer ? "assistant" : "user");
    json.key("type");
    json.ascii(isAnswer ? "answer" : "question");
    json.key("content_type");
    json.ascii(hasImages() ? "object_string" : "text");
    json.key("content");
    if (hasImages()) {
      if (!writeParts()) return false;
    } else {
      json.stringBegin();
      writeJoinedText(t.out);
      json.stringEnd();
    }
    json.objectEnd();
    written++;
  }
  json.arrayEnd();
  if (t.refused) return false;
  return written > 0 || t.refuseField("messages", "it needs at least one message.");
}

/** The parts as JSON of their own, then that as a string. */
function writeParts(): bool {
  innerJson.reset(inner.reset()).arrayBegin();
  if (hasText()) {
    innerJson.objectBegin();
    innerJson.key("type");
    innerJson.ascii("text");
    innerJson.key("text");
    innerJson.stringBegin();
    writeJoinedText(inner);
    innerJson.stringEnd();
    innerJson.objectEnd();
  }
  openImages();
  for (let url = nextImage(); url != null; url = nextImage()) {
    innerJson.objectBegin();
    innerJson.key("type");
    innerJson.ascii("image");
    innerJson.key("file_url");
    url.copyTo(innerJson);
    innerJson.objectEnd();
  }
  innerJson.arrayEnd();
  if (inner.overflow) return t.refuse(ErrorCode.OVERLOADED);
  t.json.string(inner.pointer, inner.length);
  return true;
}
