// Citations of a Messages text block as chat annotations. Only citations of the web have a counterpart: those of the client's
// own documents (by character, page or block) name no address, so they are left out.
//
//   {"type":"web_search_result_location",url,title,cited_text}
//     ─▶ {"type":"url_citation","url_citation":{start_index,end_index,url,title,cited_text}}    the block's place in `content`

import { JsonWriter } from "../../json/writer";
import { writeCitation } from "../translation/annotations";
import { Fields, Items, Value } from "../translation/value";

const citation = new Fields();
const type = citation.add("type");
const url = citation.add("url");
const source = citation.add("source");
const title = citation.add("title");
const citedText = citation.add("cited_text");

const items = new Items();

/** Whether the block has a citation that chat can carry. */
export function hasAnnotations(citations: Value): bool {
  items.begin(citations);
  while (items.next()) if (citation.readValue(items.value) && hasAddress()) return true;
  return false;
}

/** Items of an array that the caller has begun; `start` and `end` are the block's characters. */
export function writeAnnotations(json: JsonWriter, citations: Value, start: i32, end: i32): void {
  items.begin(citations);
  while (items.next()) {
    if (!citation.readValue(items.value) || !hasAddress()) continue;
    writeCitation(json, start, end, address(), title, citedText);
  }
}

function address(): Value {
  return type.is("search_result_location") ? source : url;
}

function hasAddress(): bool {
  return (type.is("web_search_result_location") || type.is("search_result_location")) && address().isText;
}
