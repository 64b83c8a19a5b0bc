// Where an answer has its words from: Gemini's citations, and what it found by searching, as chat's `url_citation`
// annotations. Gemini counts bytes of UTF-8, chat characters.
//
//   {"segment":{"startIndex":0,"endIndex":6},"groundingChunkIndices":[1]}  +  groundingChunks[1] {"web":{uri,title}}
//     ─▶ {"type":"url_citation","url_citation":{"start_index":0,"end_index":2,"url":…,"title":…}}

import { ByteWriter } from "../../bytes/byte-writer";
import { unescapeTo } from "../../json/text";
import { JsonToken } from "../../json/token";
import { JsonWriter } from "../../json/writer";
import { writeCitation } from "../translation/annotations";
import { Fields, Items, Value } from "../translation/value";
import { beginParts, candidateCitations, candidateGrounding, nextPart, PartKind, partText } from "./gemini-answer";

/** More than a reader would follow; without a bound a long list over a long text would take long. */
const ANNOTATIONS_MAX: i32 = 256;
/** Where a source's URL and title are, each as address and length. */
const SOURCE_BYTES: i32 = 16;
const SOURCES_BYTES_MAX: i32 = 1024 * SOURCE_BYTES;
export const TEXT_BYTES_MAX: i32 = 8 * 1024 * 1024;

const citationMetadata = new Fields();
const citations = citationMetadata.add("citations");
const citationSources = citationMetadata.add("citationSources");
const citation = new Fields();
const citationStart = citation.add("startIndex");
const citationEnd = citation.add("endIndex");
const citationUri = citation.add("uri");
const citationTitle = citation.add("title");

const grounding = new Fields();
const groundingChunks = grounding.add("groundingChunks");
const groundingSupports = grounding.add("groundingSupports");
const chunk = new Fields();
const chunkWeb = chunk.add("web");
const chunkRetrieved = chunk.add("retrievedContext");
const chunkMaps = chunk.add("maps");
const source = new Fields();
const sourceUri = source.add("uri");
const sourceTitle = source.add("title");
const support = new Fields();
const supportSegment = support.add("segment");
const supportChunks = support.add("groundingChunkIndices");
const segment = new Fields();
const segmentPart = segment.add("partIndex");
const segmentStart = segment.add("startIndex");
const segmentEnd = segment.add("endIndex");

const list = new Items();
const indices = new Items();
const parts = new Items();
const url = new Value("");
const title = new Value("");
const sources = new ByteWriter(SOURCES_BYTES_MAX);
const wholeText = new ByteWriter(TEXT_BYTES_MAX);
const scratch = new ByteWriter(TEXT_BYTES_MAX);

/** How far the counting of characters has come. */
let countedBytes: i32 = 0;
let countedCharacters: i32 = 0;
let written: i32 = 0;

/** Whether the candidate read last has sources. */
export function hasAnnotations(): bool {
  const cited = citationMetadata.readValue(candidateCitations) && !listOfCitations().isEmpty;
  const grounded = grounding.readValue(candidateGrounding) && groundingChunks.isArray && !groundingChunks.isEmpty;
  return (cited && listOfCitations().isArray) || grounded;
}

/** The answer's text, unescaped, from the parts of the candidate read last. */
export function gatherText(): ByteWriter {
  wholeText.reset();
  beginParts(parts);
  for (let kind = nextPart(parts); kind >= 0; kind = nextPart(parts)) {
    if (kind == PartKind.TEXT) unescapeTo(partText.pointer, partText.length, wholeText);
  }
  return wholeText;
}

/** `annotations`, behind `hasAnnotations`. `whole` = the candidate's parts are the whole text, and segments count in them. */
export function writeAnnotations(json: JsonWriter, text: ByteWriter, whole: bool): void {
  countedBytes = 0;
  countedCharacters = 0;
  written = 0;
  json.key("annotations");
  json.arrayBegin();
  writeCitations(json, text);
  gatherSources();
  if (list.begin(groundingSupports)) writeSupports(json, text, whole);
  else writeSources(json);
  json.arrayEnd();
}

function listOfCitations(): Value {
  return citations.isArray ? citations : citationSources;
}

function writeCitations(json: JsonWriter, text: ByteWriter): void {
  list.begin(listOfCitations());
  while (list.next() && written < ANNOTATIONS_MAX) {
    if (!citation.readValue(list.value)) continue;
    writeAnnotation(json, text, offsetOf(citationStart), offsetOf(citationEnd), citationUri, citationTitle);
  }
}

/** By number, because the supports name them so. */
function gatherSources(): void {
  sources.reset();
  list.begin(groundingChunks);
  while (list.next()) {
    if (!chunk.readValue(list.value)) source.readValue(list.value);
    else if (!source.readValue(chunkWeb) && !source.readValue(chunkRetrieved)) source.readValue(chunkMaps);
    remember(sourceUri);
    remember(sourceTitle);
  }
}

function writeSupports(json: JsonWriter, text: ByteWriter, whole: bool): void {
  while (list.next() && written < ANNOTATIONS_MAX) {
    if (!support.readValue(list.value)) continue;
    segment.readValue(supportSegment);
    const before = whole && segmentPart.count > 0 ? bytesBefore(segmentPart.count) : 0;
    const start = offsetOf(segmentStart) + before;
    const end = offsetOf(segmentEnd) + before;
    indices.begin(supportChunks);
    while (indices.next()) {
      if (recall(indices.value)) writeAnnotation(json, text, start, end, url, title);
    }
  }
}

/** What was found, where nothing says which words are from it. */
function writeSources(json: JsonWriter): void {
  for (let at = 0; at < sources.length && written < ANNOTATIONS_MAX; at += SOURCE_BYTES) {
    recallAt(at);
    writeAnnotation(json, sources, 0, 0, url, title);
  }
}

function writeAnnotation(json: JsonWriter, text: ByteWriter, start: i32, end: i32, from: Value, named: Value): void {
  if (!from.isString) return;
  written++;
  writeCitation(json, charactersUpTo(text, start), charactersUpTo(text, end), from, named);
}

/** Characters in the first bytes of a text. Offsets mostly grow, so the counting goes on where it was. */
function charactersUpTo(text: ByteWriter, bytes: i32): i32 {
  const end = min(bytes, text.length);
  if (end < countedBytes) {
    countedBytes = 0;
    countedCharacters = 0;
  }
  for (; countedBytes < end; countedBytes++) {
    if ((<u32>load<u8>(text.pointer + <usize>countedBytes) & 0xc0) != 0x80) countedCharacters++;
  }
  return countedCharacters;
}

/** How long the text is in front of a part, as far as the client sees it. */
function bytesBefore(part: i64): i32 {
  let bytes = 0;
  beginParts(parts);
  for (let kind = nextPart(parts); kind >= 0 && <i64>parts.index < part; kind = nextPart(parts)) {
    if (kind != PartKind.TEXT) continue;
    unescapeTo(partText.pointer, partText.length, scratch.reset());
    bytes += scratch.length;
  }
  return bytes;
}

function offsetOf(value: Value): i32 {
  return <i32>min<i64>(value.count, TEXT_BYTES_MAX);
}

function remember(value: Value): void {
  sources.writeU32(<u32>value.pointer);
  sources.writeU32(value.isString ? value.length : -1);
}

/** Takes a source by its number into `url` and `title`. */
function recall(index: Value): bool {
  const at = index.count * SOURCE_BYTES;
  if (!index.isNumber || at >= <i64>sources.length) return false;
  recallAt(<i32>at);
  return true;
}

function recallAt(at: i32): void {
  const record = sources.pointer + <usize>at;
  recallString(url, record);
  recallString(title, record + 8);
}

function recallString(value: Value, record: usize): void {
  const length = load<i32>(record, 4);
  value.token = length < 0 ? JsonToken.NONE : JsonToken.STRING;
  value.pointer = <usize>load<u32>(record);
  value.length = max(length, 0);
}
