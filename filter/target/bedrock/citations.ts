// Citations of what the web says, as chat's annotations. Others point into documents by number, for which chat has no form.
//
//   {"title":…,"location":{"web":{"url":…}}}  ─▶  {"type":"url_citation","url_citation":{start_index,end_index,url,title}}

import { startsWithAscii } from "../../bytes/compare";
import { JsonWriter } from "../../json/writer";
import { Fields, Value } from "../translation/value";

const citation = new Fields();
const title = citation.add("title");
const source = citation.add("source");
const location = citation.add("location");
const locations = new Fields();
const webLocation = locations.add("web");
const web = new Fields();
const webUrl = web.add("url");

/** Takes a citation to look at; true when it leads to the web, and `writeCitation` may write it. */
export function readCitation(value: Value): bool {
  if (!citation.readValue(value)) return false;
  locations.readValue(location);
  web.readValue(webLocation);
  return webUrl.isText || isWebAddress(source);
}

export function writeCitation(json: JsonWriter, start: i64, end: i64): void {
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
  webUrl.isText ? webUrl.copyTo(json) : source.copyTo(json);
  json.key("title");
  title.isString ? title.copyTo(json) : json.ascii("");
  json.objectEnd();
  json.objectEnd();
}

function isWebAddress(value: Value): bool {
  if (!value.isText) return false;
  return (
    startsWithAscii(value.pointer, value.length, "https:") || startsWithAscii(value.pointer, value.length, "http:")
  );
}
