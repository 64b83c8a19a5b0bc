// Citations of a Messages text block as chat annotations. Only citations of the web have a counterpart: those of the client's
// own documents (by character, page or block) name no address, so they are left out.
//
//   {"type":"web_search_result_location",url,title,cited_text}
//     ─▶ {"type":"url_citation","url_citation":{start_index,end_index,url,title,cited_text}}    the block's place in `content`

import { JsonWriter } from "../../json/writer";
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
    json.objectBegin();
    json.key("type");
    json.ascii("url_citation");
    json.key("url_citation");
    json.objectBegin();
    json.key("start_index");
    json.integer(start);
    json.key("end_index");
    json.integer(end);
    json.key("url");
    address().copyTo(json);
    json.key("title");
    if (title.isString) title.copyTo(json);
    else json.ascii("");
    if (citedText.isText) {
      json.key("cited_text");
      citedText.copyTo(json);
    }
    json.objectEnd();
    json.objectEnd();
  }
}

function address(): Value {
  return type.is("search_result_location") ? source : url;
}

function hasAddress(): bool {
  return (type.is("web_search_result_location") || type.is("search_result_location")) && address().isText;
}
