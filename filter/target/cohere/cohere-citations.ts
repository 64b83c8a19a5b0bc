// Cohere's citations as chat's annotations, one for each source. Offsets stay what they are, characters of a text, but
// chat has one text where Cohere has plan and content: `contentBase` says where the latter begins. Cohere names sources by ids,
// chat by URLs: a source without a URL of its own is named by its id.
//
//   {"start":4,"end":9,"text":…,"sources":[{"type":"document","id":"doc:0","document":{"title":…,"url":…}}]}
//     ─▶ {"type":"url_citation","url_citation":{"start_index":4,"end_index":9,"url":…,"title":…}}

import { JsonWriter } from "../../json/writer";
import { writeCitation } from "../translation/annotations";
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
    const name = url.isText ? url : sourceId;
    if (!name.isText) continue;
    writeCitation(json, start.count + base, end.count + base, name, title.isText ? title : sourceId);
    written++;
  }
  return written;
}
