// A chat request as a call of a Bailian application: the conversation as `input.messages`, the URLs of its images beside it.
//
//   {"input":{"messages":[{"role":"user","content":"你好"}]},"parameters":{"incremental_output":true}}

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import {
  messageFields,
  nextImage,
  nextMessage,
  openImages,
  openMessages,
  Speaker,
  speaker,
  writeJoinedText,
} from "../agent/agent-messages";
import { AgentRequest } from "../agent/agent-request";
import { Plan } from "../plan";
import { Notes } from "../translation/notes";
import { Translation } from "../translation/translation";
import { Fields, Use } from "../translation/value";

const IMAGES_BYTES_MAX: i32 = 64 * 1024 * 1024;

const request = new AgentRequest();
const reasoningEffort = request.fields.add("reasoning_effort", Use.MAPPED);
const thinking = request.fields.add("thinking", Use.MAPPED);
request.fields.add("user", Use.DROPPED);
request.fields.add("safety_identifier", Use.DROPPED);
request.fields.add("metadata", Use.DROPPED);
/** The application's variables, as an extension. */
const bizParams = request.fields.add("biz_params", Use.NATIVE);

const thought = new Fields();
const thoughtType = thought.add("type");

const t = new Translation();
/** Kept until the messages are written; never longer than the request. */
const images = new ByteWriter(IMAGES_BYTES_MAX);
const imagesJson = new JsonWriter(images);

export const requestFields: Fields[] = [request.fields].concat(messageFields);

export function writeBailianRequest(plan: Plan, body: usize, length: i32, out: ByteWriter, notes: Notes): i32 {
  t.begin(out, notes);
  if (request.read(t, body, length)) writeRequest(plan);
  return t.end(ErrorCode.OVERLOADED);
}

function writeRequest(plan: Plan): bool {
  const json = t.json;
  json.objectBegin();
  json.key("input");
  json.objectBegin();
  if (!writeMessages() || !writeImages()) return false;
  if (bizParams.present) {
    if (!bizParams.isObject) return t.refuseType("biz_params", "an object");
    json.key("biz_params");
    bizParams.copyTo(json);
  }
  json.objectEnd();
  json.key("parameters");
  json.objectBegin();
  if (plan.streaming) {
    json.key("incremental_output");
    json.boolean(true);
  }
  if (wantsThoughts()) {
    json.key("has_thoughts");
    json.boolean(true);
  }
  json.objectEnd();
  json.objectEnd();
  return true;
}

/** Whoever asks for effort, or for thinking, wants to see it where the application shows it. */
function wantsThoughts(): bool {
  if (thought.readValue(thinking)) return !thoughtType.is("disabled");
  return reasoningEffort.isText && !reasoningEffort.is("none");
}

function writeMessages(): bool {
  if (!openMessages(t, request.messages)) return false;
  const json = t.json;
  let written = 0;
  imagesJson.reset(images.reset());
  json.key("messages");
  json.arrayBegin();
  while (nextMessage(t)) {
    json.objectBegin();
    json.key("role");
    writeRole();
    json.key("content");
    json.stringBegin();
    writeJoinedText(t.out);
    json.stringEnd();
    json.objectEnd();
    openImages();
    for (let url = nextImage(); url != null; url = nextImage()) url.copyTo(imagesJson);
    written++;
  }
  json.arrayEnd();
  if (t.refused) return false;
  return written > 0 || t.refuseField("messages", "it needs at least one message.");
}

function writeRole(): void {
  switch (speaker()) {
    case Speaker.SYSTEM:
      t.json.ascii("system");
      break;
    case Speaker.USER:
      t.json.ascii("user");
      break;
    default:
      t.json.ascii("assistant");
  }
}

function writeImages(): bool {
  if (images.overflow) return t.refuse(ErrorCode.OVERLOADED);
  if (images.length == 0) return true;
  t.json.key("image_list");
  t.json.arrayBegin();
  t.json.raw(images.pointer, images.length);
  t.json.arrayEnd();
  return true;
}
