// Cohere's citations as chat's annotations, one for each source. Offsets stay what they are, characters of a text, but
// chat has one text where Cohere has plan and content parts: `bases` say where each begins. Cohere names sources by ids,
// chat by URLs: a source without a URL of its own is named by its id.
//
//   {"start":4,"end":9,"text":…,"sources":[{"type":"document","id":"doc:0","document":{"title":…,"url":…}}]}
//     ─▶ {"type":"url_citation","url_citation":{"start_index":4,"end_index":9,"url":…,"title":…}}

import { JsonWriter } from "../../json/writer";
import { Fields, Items, Value } from "../translation/value";

const citation = new Fields();
const start = citation.add("start");
const end = citation.add("end");
const sources = citation.add("sources");
const citationType = citation.add("type");

const source = new Fields();
const sourceId = source.add("id");
const sourceDocument = source.add("document");
const sourceOutput = source.add("tool_output");

const details = new Fields();
const url = details.add("url");
const title = details.add("title");

const items = new Items();
const origins = new Items();

/** Annotations for a list of citations, as the members of an open array; answers how many they were. */
export function writeAnnotations(json: JsonWriter, citations: Value, contentBase: i64): i32 {
  let written = 0;
  items.begin(citations);
  while (items.next()) written += writeAnnotation(json, items.value, contentBase);
  return written;
}

/** The same for one citation. Those of thinking point into a text that chat's annotations do not speak of. */
export function writeAnnotation(json: JsonWriter, value: Value, contentBase: i64): i32 {
  if (!citation.readValue(value) || citationType.is("THINKING_CONTENT")) return 0;
  const base = citationType.is("PLAN") ? 0 : contentBase;
  let written = 0;
  origins.begin(sources);
  while (origins.next()) {
    if (!source.readValue(origins.value)) continue;
    details.readValue(sourceDocument.present ? sourceDocument : sourceOutput);
    json.objectBegin();
    json.key("type");
    json.ascii("url_citation");
    json.key("url_citation");
    json.objectBegin();
    json.key("start_index");
    json.integer(start.count + base);
    json.key("end_index");
    json.integer(end.count + base);
    json.key("url");
    writeName(json, url);
    json.key("title");
    writeName(json, title);
    json.objectEnd();
    json.objectEnd();
    written++;
  }
  return written;
}

function writeName(json: JsonWriter, name: Value): void {
  if (name.isText) name.copyTo(json);
  else if (sourceId.isString) sourceId.copyTo(json);
  else json.ascii("");
}

/** Code points of a JSON string's text; an escaped surrogate pair counts as one. */
export function charactersOf(value: Value): i64 {
  let count: i64 = 0;
  const end = value.pointer + <usize>value.length;
  for (let at = value.pointer; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if ((byte & 0xc0) == 0x80) continue;
    count++;
    if (byte != 0x5c) continue;
    at++;
    if (<u32>load<u8>(at) != 0x75) continue;
    // Four hexadecimal digits; of a pair the low half, dc00 to dfff, adds nothing.
    const isLow = (<u32>load<u8>(at, 1) | 0x20) == 0x64 && (<u32>load<u8>(at, 2) | 0x20) >= 0x63;
    if (isLow) count--;
    at += 4;
  }
  return count;
}
