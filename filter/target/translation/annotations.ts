// Chat's annotations: backs write them from what providers cite, fronts read them for the forms of their clients. Only what
// has an address is one.
//
//   {"type":"url_citation","url_citation":{"start_index":0,"end_index":5,"url":…,"title":…,"cited_text":…}}

import { JsonWriter } from "../../json/writer";
import { Fields, Value } from "./value";

const annotation = new Fields();
const annotationType = annotation.add("type");
const annotationCitation = annotation.add("url_citation");

const citation = new Fields();
export const citationStart = citation.add("start_index");
export const citationEnd = citation.add("end_index");
export const citationUrl = citation.add("url");
export const citationTitle = citation.add("title");
const citedText = citation.add("cited_text");
/** OpenRouter's name for it. */
const quotedContent = citation.add("content");

/** Reads the views above; false for annotations of another kind, and for those without an address. */
export function readCitation(value: Value): bool {
  if (!annotation.readValue(value) || !annotationType.is("url_citation")) return false;
  return citation.readValue(annotationCitation) && citationUrl.isText;
}

/** What the provider quotes, if it does. */
export function citationQuote(): Value {
  return citedText.isText ? citedText : quotedContent;
}

/** `start` and `end` count characters of the content; `quote` may be absent. */
export function writeCitation(
  json: JsonWriter,
  start: i64,
  end: i64,
  url: Value,
  title: Value,
  quote: Value | null = null,
): void {
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
  url.copyTo(json);
  json.key("title");
  if (title.isString) title.copyTo(json);
  else json.ascii("");
  if (quote != null && quote.isText) {
    json.key("cited_text");
    quote.copyTo(json);
  }
  json.objectEnd();
  json.objectEnd();
}
