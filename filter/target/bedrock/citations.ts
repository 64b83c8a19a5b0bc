// Citations of what the web says, as chat's annotations. Others point into documents by number, for which chat has no form.
//
//   {"title":…,"location":{"web":{"url":…}}}  ─▶  {"type":"url_citation","url_citation":{start_index,end_index,url,title}}

import { startsWithAscii } from "../../bytes/compare";
import { JsonWriter } from "../../json/writer";
import { writeCitation } from "../translation/annotations";
import { Fields, Value } from "../translation/value";

const citation = new Fields();
const title = citation.add("title");
const source = citation.add("source");
const location = citation.add("location");
const locations = new Fields();
const webLocation = locations.add("web");
const web = new Fields();
const webUrl = web.add("url");

/** Takes a citation to look at; true when it leads to the web, and `writeWebCitation` may write it. */
export function readWebCitation(value: Value): bool {
  if (!citation.readValue(value)) return false;
  locations.readValue(location);
  web.readValue(webLocation);
  return webUrl.isText || isWebAddress(source);
}

export function writeWebCitation(json: JsonWriter, start: i64, end: i64): void {
  writeCitation(json, start, end, webUrl.isText ? webUrl : source, title);
}

function isWebAddress(value: Value): bool {
  if (!value.isText) return false;
  return (
    startsWithAscii(value.pointer, value.length, "https:") || startsWithAscii(value.pointer, value.length, "http:")
  );
}
