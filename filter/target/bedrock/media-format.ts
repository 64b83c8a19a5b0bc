// Converse calls formats by names of its own: from a media type, or from the ending of an object's name in S3.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html

import { DOT } from "../../bytes/ascii";
import { equalsAsciiIgnoreCase } from "../../bytes/compare";

/** Which block of a message holds such a file. */
export enum Block {
  NONE = 0,
  IMAGE = 1,
  DOCUMENT = 2,
  VIDEO = 3,
  AUDIO = 4,
}

class Format {
  constructor(
    readonly block: Block,
    readonly name: string,
    readonly mediaType: string,
    /** Without a dot; a second row has the other one, where there are two. */
    readonly ending: string,
  ) {}
}

const FORMATS: Format[] = [
  new Format(Block.IMAGE, "png", "image/png", "png"),
  new Format(Block.IMAGE, "jpeg", "image/jpeg", "jpeg"),
  new Format(Block.IMAGE, "jpeg", "image/jpg", "jpg"),
  new Format(Block.IMAGE, "gif", "image/gif", "gif"),
  new Format(Block.IMAGE, "webp", "image/webp", "webp"),
  new Format(Block.DOCUMENT, "pdf", "application/pdf", "pdf"),
  new Format(Block.DOCUMENT, "csv", "text/csv", "csv"),
  new Format(Block.DOCUMENT, "doc", "application/msword", "doc"),
  new Format(Block.DOCUMENT, "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
  new Format(Block.DOCUMENT, "xls", "application/vnd.ms-excel", "xls"),
  new Format(Block.DOCUMENT, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
  new Format(Block.DOCUMENT, "html", "text/html", "html"),
  new Format(Block.DOCUMENT, "txt", "text/plain", "txt"),
  new Format(Block.DOCUMENT, "md", "text/markdown", "md"),
  new Format(Block.VIDEO, "mp4", "video/mp4", "mp4"),
  new Format(Block.VIDEO, "mov", "video/quicktime", "mov"),
  new Format(Block.VIDEO, "webm", "video/webm", "webm"),
  new Format(Block.VIDEO, "mkv", "video/x-matroska", "mkv"),
  new Format(Block.VIDEO, "flv", "video/x-flv", "flv"),
  new Format(Block.VIDEO, "mpeg", "video/mpeg", "mpeg"),
  new Format(Block.VIDEO, "mpg", "video/mpg", "mpg"),
  new Format(Block.VIDEO, "wmv", "video/x-ms-wmv", "wmv"),
  new Format(Block.VIDEO, "three_gp", "video/3gpp", "3gp"),
  new Format(Block.AUDIO, "mp3", "audio/mpeg", "mp3"),
  new Format(Block.AUDIO, "mp3", "audio/mp3", "mp3"),
  new Format(Block.AUDIO, "wav", "audio/wav", "wav"),
  new Format(Block.AUDIO, "flac", "audio/flac", "flac"),
  new Format(Block.AUDIO, "ogg", "audio/ogg", "ogg"),
  new Format(Block.AUDIO, "aac", "audio/aac", "aac"),
];

/** What the last search has found. */
export let formatBlock: Block = Block.NONE;
export let formatName: string = "";

export function findMediaType(pointer: usize, length: i32): bool {
  for (let i = 0; i < FORMATS.length; i++) {
    const format = unchecked(FORMATS[i]);
    if (equalsAsciiIgnoreCase(pointer, length, format.mediaType)) return found(format);
  }
  return false;
}

/** By what stands behind the last dot of a name. */
export function findEnding(pointer: usize, length: i32): bool {
  let start = length;
  while (start > 0 && <u32>load<u8>(pointer + <usize>(start - 1)) != DOT) start--;
  if (start == 0) return false;
  for (let i = 0; i < FORMATS.length; i++) {
    const format = unchecked(FORMATS[i]);
    if (equalsAsciiIgnoreCase(pointer + <usize>start, length - start, format.ending)) return found(format);
  }
  return false;
}

function found(format: Format): bool {
  formatBlock = format.block;
  formatName = format.name;
  return true;
}
