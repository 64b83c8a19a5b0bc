// A chat request as one of Dify's chat-messages. Dify keeps conversations itself and takes one question at a time; chat
// sends all of it each time. A question alone is the query as it stands; a conversation becomes a transcript.
//
//   [system "Be brief.", user "Hi", assistant "Hello", user "And?"]
//     ─▶ "query":"System: Be brief.\n\nUser: Hi\n\nAssistant: Hello\n\nUser: And?"

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
import { AgentRequest, AgentUser } from "../agent/agent-request";
import { Notes } from "../translation/notes";
import { Translation } from "../translation/translation";
import { Fields, Items, Use } from "../translation/value";

const FILES_BYTES_MAX: i32 = 64 * 1024 * 1024;

const request = new AgentRequest();
const user = new AgentUser(request);
request.fields.add("reasoning_effort", Use.DROPPED);
request.fields.add("thinking", Use.DROPPED);
request.fields.add("metadata", Use.DROPPED);
/** The application's variables, as an extension. */
const inputs = request.fields.add("inputs", Use.NATIVE);

const counted = new Items();
/** Kept until the query is written; never longer than the request. */
const files = new ByteWriter(FILES_BYTES_MAX);
const filesJson = new JsonWriter(files);
const t = new Translation();

export const requestFields: Fields[] = [request.fields].concat(messageFields);

export function writeDifyRequest(body: usize, length: i32, out: ByteWriter, notes: Notes): i32 {
  t.begin(out, notes);
  if (request.read(t, body, length)) writeRequest();
  return t.end(ErrorCode.OVERLOADED);
}

function writeRequest(): bool {
  const json = t.json;
  json.objectBegin();
  json.key("inputs");
  if (inputs.present) {
    if (!inputs.isObject) return t.refuseType("inputs", "an object");
    inputs.copyTo(json);
  } else {
    json.objectBegin();
    json.objectEnd();
  }
  json.key("response_mode");
  json.ascii("streaming");
  json.key("auto_generate_name");
  json.boolean(false);
  if (!user.write(t, "user") || !writeQuery() || !writeFiles()) return false;
  json.objectEnd();
  return true;
}

function writeQuery(): bool {
  if (!openMessages(t, request.messages)) return false;
  const alone = isAlone();
  let first = true;
  filesJson.reset(files.reset());
  t.json.key("query");
  t.json.stringBegin();
  while (nextMessage(t)) {
    if (!alone) {
      if (!first) t.out.writeAscii("\\n\\n");
      writeName();
    }
    writeJoinedText(t.out);
    gatherFiles();
    first = false;
  }
  t.json.stringEnd();
  if (t.refused) return false;
  return !first || t.refuseField("messages", "it needs at least one message.");
}

/** One message is no conversation. */
function isAlone(): bool {
  counted.begin(request.messages);
  return counted.next() && !counted.next();
}

function writeName(): void {
  switch (speaker()) {
    case Speaker.SYSTEM:
      t.out.writeAscii("System: ");
      break;
    case Speaker.USER:
      t.out.writeAscii("User: ");
      break;
    default:
      t.out.writeAscii("Assistant: ");
  }
}

/** The images of one message, for Dify to fetch. */
function gatherFiles(): void {
  openImages();
  for (let url = nextImage(); url != null; url = nextImage()) {
    filesJson.objectBegin();
    filesJson.key("type");
    filesJson.ascii("image");
    filesJson.key("transfer_method");
    filesJson.ascii("remote_url");
    filesJson.key("url");
    url.copyTo(filesJson);
    filesJson.objectEnd();
  }
}

function writeFiles(): bool {
  if (files.overflow) return t.refuse(ErrorCode.OVERLOADED);
  if (files.length == 0) return true;
  t.json.key("files");
  t.json.arrayBegin();
  t.json.raw(files.pointer, files.length);
  t.json.arrayEnd();
  return true;
}
