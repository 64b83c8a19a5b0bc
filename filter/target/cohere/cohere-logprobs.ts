// Cohere's log probabilities as chat's. Cohere tells them for a piece of text, which may be several tokens; chat names
// every token by its text. A piece of one token has that text, the tokens of longer ones are named by their ids.
//
//   [{"text":"Hi","token_ids":[5],"logprobs":[-0.1]}] ─▶ {"content":[{"token":"Hi","logprob":-0.1,…}],"refusal":null}

import { JsonWriter } from "../../json/writer";
import { Fields, Items, Value } from "../translation/value";

const piece = new Fields();
const text = piece.add("text");
const tokenIds = piece.add("token_ids");
const logprobs = piece.add("logprobs");

const pieces = new Items();
const ids = new Items();
const values = new Items();

/** A list of pieces; null when there is none. */
export function writeLogprobs(json: JsonWriter, list: Value): void {
  if (!pieces.begin(list)) {
    json.nil();
    return;
  }
  begin(json);
  while (pieces.next()) writePiece(json, pieces.value);
  end(json);
}

/** One piece, as the events of a stream have it; null when there is none. */
export function writeLogprob(json: JsonWriter, value: Value): void {
  if (!value.isObject) {
    json.nil();
    return;
  }
  begin(json);
  writePiece(json, value);
  end(json);
}

function begin(json: JsonWriter): void {
  json.objectBegin();
  json.key("content");
  json.arrayBegin();
}

function end(json: JsonWriter): void {
  json.arrayEnd();
  json.key("refusal");
  json.nil();
  json.objectEnd();
}

function writePiece(json: JsonWriter, value: Value): void {
  if (!piece.readValue(value)) return;
  const single = text.isString && isSingle();
  ids.begin(tokenIds);
  values.begin(logprobs);
  while (values.next()) {
    const named = ids.next() && ids.value.isNumber;
    if (!values.value.isNumber) continue;
    json.objectBegin();
    json.key("token");
    if (single) {
      text.copyTo(json);
    } else if (named) {
      json.rawString(ids.value.pointer, ids.value.length);
    } else {
      json.ascii("");
    }
    json.key("logprob");
    values.value.copyTo(json);
    json.key("bytes");
    json.nil();
    json.key("top_logprobs");
    json.arrayBegin();
    json.arrayEnd();
    json.objectEnd();
  }
}

function isSingle(): bool {
  values.begin(logprobs);
  return values.next() && !values.next();
}
