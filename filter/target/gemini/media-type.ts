// The media type of a file by the end of its URL, for providers that want one and clients that give none. A guess: empty
// where the URL says nothing.

import { equalsAsciiIgnoreCase } from "../../bytes/compare";

const QUESTION_MARK: u32 = 0x3f;
const HASH: u32 = 0x23;

export function mediaTypeOfUrl(url: usize, length: i32): string {
  const end = pathLength(url, length);
  if (hasEnd(url, end, ".png")) return "image/png";
  if (hasEnd(url, end, ".jpg") || hasEnd(url, end, ".jpeg")) return "image/jpeg";
  if (hasEnd(url, end, ".webp")) return "image/webp";
  if (hasEnd(url, end, ".gif")) return "image/gif";
  if (hasEnd(url, end, ".heic")) return "image/heic";
  if (hasEnd(url, end, ".heif")) return "image/heif";
  if (hasEnd(url, end, ".pdf")) return "application/pdf";
  if (hasEnd(url, end, ".txt")) return "text/plain";
  if (hasEnd(url, end, ".mp3")) return "audio/mp3";
  if (hasEnd(url, end, ".wav")) return "audio/wav";
  if (hasEnd(url, end, ".flac")) return "audio/flac";
  if (hasEnd(url, end, ".ogg")) return "audio/ogg";
  if (hasEnd(url, end, ".mp4")) return "video/mp4";
  if (hasEnd(url, end, ".mov")) return "video/mov";
  return hasEnd(url, end, ".webm") ? "video/webm" : "";
}

/** Of "https://host/a.png?size=2" up to the question mark. */
function pathLength(url: usize, length: i32): i32 {
  for (let i = 0; i < length; i++) {
    const byte: u32 = load<u8>(url + <usize>i);
    if (byte == QUESTION_MARK || byte == HASH) return i;
  }
  return length;
}

function hasEnd(url: usize, length: i32, end: string): bool {
  const start = length - end.length;
  return start >= 0 && equalsAsciiIgnoreCase(url + <usize>start, end.length, end);
}
