// What is read of a part's headers and of a form's Content-Type: the part's name, whether it is a file, the boundary. A
// header that two readers could understand in two ways is refused: the provider's reader may be the other one.
//
//   Content-Disposition: form-data; name="model"          Content-Type: multipart/form-data; boundary=----x

import { BACKSLASH, CARRIAGE_RETURN, COLON } from "../bytes/ascii";
import { equalsAsciiIgnoreCase } from "../bytes/compare";
import { Parameters } from "./parameters";

const DISPOSITION = "content-disposition";
const MODEL = "model";
const FORM_TYPE = "multipart/form-data";

/** What a part is to us. */
export enum PartKind {
  OTHER,
  /** The field that names the model. A file of that name is a file. */
  MODEL,
  BROKEN,
}

/** What `findBoundary` found. */
export let boundaryPointer: usize = 0;
export let boundaryLength: i32 = 0;

const parameters = new Parameters();

/** False when this is no Content-Type of a form that could be read. */
export function findBoundary(contentType: usize, length: i32): bool {
  if (length < FORM_TYPE.length || !equalsAsciiIgnoreCase(contentType, FORM_TYPE.length, FORM_TYPE)) return false;
  boundaryLength = 0;
  parameters.begin(contentType, length);
  while (parameters.next()) {
    if (!parameters.isNamed("boundary")) continue;
    if (boundaryLength > 0) return false;
    boundaryPointer = parameters.valuePointer;
    boundaryLength = parameters.valueLength;
  }
  return !parameters.broken && boundaryLength > 0;
}

/** `headers`: lines with their line breaks, the empty one included. */
export function kindOfPart(headers: usize, length: i32): PartKind {
  let found = PartKind.BROKEN;
  let dispositions = 0;
  let line = headers;
  const end = headers + <usize>length;
  while (line < end) {
    let lineEnd = line;
    while (<u32>load<u8>(lineEnd) != CARRIAGE_RETURN) lineEnd++;
    if (lineEnd == line) break;
    const colon = findColon(line, lineEnd);
    if (colon == 0) return PartKind.BROKEN;
    if (<i32>(colon - line) == DISPOSITION.length && equalsAsciiIgnoreCase(line, DISPOSITION.length, DISPOSITION)) {
      dispositions++;
      found = kindOfDisposition(colon + 1, <i32>(lineEnd - colon) - 1);
    }
    line = lineEnd + 2;
  }
  return dispositions > 1 ? PartKind.BROKEN : dispositions == 0 ? PartKind.OTHER : found;
}

/** 0 where a line has no name, or continues the one before. */
function findColon(line: usize, end: usize): usize {
  for (let at = line; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == COLON) return at > line ? at : 0;
    if (byte <= 0x20) return 0;
  }
  return 0;
}

function kindOfDisposition(value: usize, length: i32): PartKind {
  let names = 0;
  let isModel = false;
  let isFile = false;
  parameters.begin(value, length);
  while (parameters.next()) {
    if (parameters.isNamed("name")) {
      names++;
      isModel = namesModel(parameters.valuePointer, parameters.valueLength);
    } else if (parameters.isNamed("name*")) {
      return PartKind.BROKEN;
    } else if (parameters.isNamed("filename") || parameters.isNamed("filename*")) {
      isFile = true;
    }
  }
  if (parameters.broken || names > 1) return PartKind.BROKEN;
  return isModel && !isFile ? PartKind.MODEL : PartKind.OTHER;
}

/** Whether it is the field's name once what escapes there may be is taken out. */
function namesModel(name: usize, length: i32): bool {
  let matched = 0;
  for (let i = 0; i < length; i++) {
    const byte: u32 = load<u8>(name + <usize>i);
    if (byte == BACKSLASH) continue;
    if (matched == MODEL.length || byte != <u32>MODEL.charCodeAt(matched)) return false;
    matched++;
  }
  return matched == MODEL.length;
}
