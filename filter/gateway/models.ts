// GET /v1/models and GET /v1/models/{name}, and Gemini's under /v1beta: the model routes that this key may call, in the
// shape of the client's protocol. What Gemini says of limits is left out: a model route has none of its own.

import { hexValue } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { writeTimestamp } from "../bytes/timestamp";
import { FilterConfig } from "../config/filter-config";
import { ErrorCode, Protocol } from "../contract";
import { escapeTo } from "../json/text";
import { JsonWriter } from "../json/writer";
import { Exchange, Outcome } from "./exchange";
import { answerJson, answerWriter, refuse } from "./local-reply";

/** Three times the longest name of a model route: every byte of it may be percent-encoded. */
const MODEL_BYTES_MAX: i32 = 3 * 1024;

const out = answerWriter();
const json = new JsonWriter(out);

export function answerModelList(exchange: Exchange): Outcome {
  const config = exchange.config!;
  const lease = exchange.lease!;
  const protocol = exchange.protocol;
  const anthropic = protocol == Protocol.ANTHROPIC;
  let first: usize = 0;
  let last: usize = 0;
  json.reset(answerWriter()).objectBegin();
  if (protocol == Protocol.OPENAI) {
    json.key("object");
    json.ascii("list");
  }
  json.key(protocol == Protocol.GEMINI ? "models" : "data");
  json.arrayBegin();
  for (let i: u32 = 0; i < config.routeCount; i++) {
    const route = config.routeAt(i);
    if (!lease.allowsModel(config.routeName(route), config.routeNameLength(route))) continue;
    if (first == 0) first = route;
    last = route;
    writeModel(config, route, protocol);
  }
  json.arrayEnd();
  if (anthropic) {
    json.key("has_more");
    json.boolean(false);
    json.key("first_id");
    writeName(config, first);
    json.key("last_id");
    writeName(config, last);
  }
  json.objectEnd();
  return answerJson(exchange);
}

/** The last step for one model: its route was found and the key may call it. */
export function answerModel(exchange: Exchange): Outcome {
  json.reset(answerWriter());
  writeModel(exchange.config!, exchange.route, exchange.protocol);
  return answerJson(exchange);
}

/** Takes the percent-encoded name from the path into the exchange; decodes in place, so ask for it once. */
export function readModelInPath(exchange: Exchange, path: ByteWriter): Outcome {
  const name = path.pointer;
  if (path.overflow || path.length > MODEL_BYTES_MAX) return refuse(exchange, ErrorCode.MODEL_NOT_FOUND);
  let to = name;
  const end = name + <usize>path.length;
  for (let at = name; at < end; at++) {
    let byte: i32 = load<u8>(at);
    if (byte == 0x25 /* % */ && end - at > 2) {
      byte = (hexValue(load<u8>(at, 1)) << 4) | hexValue(load<u8>(at, 2));
      if (byte < 0) return refuse(exchange, ErrorCode.MODEL_NOT_FOUND);
      at += 2;
    }
    store<u8>(to++, <u8>byte);
  }
  exchange.modelPointer = name;
  exchange.modelLength = <i32>(to - name);
  return Outcome.NEXT;
}

function writeModel(config: FilterConfig, route: usize, protocol: Protocol): void {
  if (protocol == Protocol.GEMINI) {
    writeGeminiModel(config, route);
    return;
  }
  json.objectBegin();
  json.key(protocol == Protocol.ANTHROPIC ? "type" : "object");
  json.ascii("model");
  json.key("id");
  writeName(config, route);
  if (protocol == Protocol.ANTHROPIC) {
    json.key("display_name");
    writeName(config, route);
    json.key("created_at");
    json.stringBegin();
    writeTimestamp(config.routeCreated(route), out);
    json.stringEnd();
  } else {
    json.key("created");
    json.integer(config.routeCreated(route));
    json.key("owned_by");
    json.ascii("sluice");
  }
  json.objectEnd();
}

function writeGeminiModel(config: FilterConfig, route: usize): void {
  json.objectBegin();
  json.key("name");
  json.stringBegin();
  out.writeAscii("models/");
  escapeTo(config.routeName(route), config.routeNameLength(route), out);
  json.stringEnd();
  json.key("displayName");
  writeName(config, route);
  json.key("supportedGenerationMethods");
  json.arrayBegin();
  json.ascii("generateContent");
  json.ascii("streamGenerateContent");
  json.arrayEnd();
  json.objectEnd();
}

function writeName(config: FilterConfig, route: usize): void {
  if (route == 0) json.nil();
  else json.string(config.routeName(route), config.routeNameLength(route));
}
