// What rules ask of a request's body, found by one more pass over it, and only when a rule asks: tools, images, metadata, and how many
// tokens it is, about. The body is known to be JSON; operations without a JSON body have none of all this.

import { QUOTE } from "../bytes/ascii";
import { ClassifierModel } from "../classifier/model";
import { TaskText } from "../classifier/task-text";
import { FilterConfig } from "../config/filter-config";
import { JsonReader } from "../json/reader";
import { JsonToken } from "../json/token";
import { takeLastMessage } from "./last-message";

/** Letters and digits in a row that are no text: a picture, a sound, a file. */
const BLOB_BYTES_MIN: i32 = 256;
const BYTES_A_TOKEN: i64 = 4;
const UNKNOWN: i64 = -1;

export class Facts {
  private body: usize = 0;
  private length: i32 = 0;
  private isRead: bool = false;
  private tools: bool = false;
  private images: bool = false;
  private tokens: i64 = UNKNOWN;
  /** Name of its class, a str16, and how sure that is; asked once. */
  private isClassified: bool = false;
  private className: usize = 0;
  private confidence: i32 = 0;
  /** Raw content of a text field of `metadata`, after `findMetadata`. */
  metadataPointer: usize = 0;
  metadataLength: i32 = 0;
  private readonly reader: JsonReader = new JsonReader();

  begin(body: usize, length: i32): void {
    this.body = body;
    this.length = body == 0 ? 0 : length;
    this.isRead = false;
    this.tools = false;
    this.images = false;
    this.tokens = UNKNOWN;
    this.isClassified = false;
  }

  /** What the last message of the user's is about, if that is at least so sure; 0 = nothing that the classifier knows. */
  taskClass(config: FilterConfig, confidenceMin: i32): usize {
    if (!this.isClassified) this.classify(config.classifier!);
    return this.confidence >= confidenceMin ? this.className : 0;
  }

  private classify(classifier: ClassifierModel): void {
    this.isClassified = true;
    this.className = 0;
    text.begin();
    takeLastMessage(this.reader, this.body, this.length, text);
    text.end();
    classifier.classify(text);
    this.confidence = classifier.confidence;
    if (classifier.classIndex >= 0) this.className = classifier.className(classifier.classIndex);
  }

  get hasTools(): bool {
    this.read();
    return this.tools;
  }

  get hasImages(): bool {
    this.read();
    return this.images;
  }

  /** About four bytes of ASCII a token, one for a character of any other script; what is no text counts nothing. */
  get inputTokens(): i64 {
    if (this.tokens == UNKNOWN) this.tokens = estimateTokens(this.body, this.length);
    return this.tokens;
  }

  /** Whether `metadata` has a text field of this name. */
  findMetadata(name: usize, nameLength: i32): bool {
    const reader = this.reader.reset(this.body, this.length);
    if (reader.next() != JsonToken.OBJECT_BEGIN) return false;
    while (reader.next() == JsonToken.KEY) {
      if (!reader.keyEquals("metadata")) {
        if (!reader.skipValue()) return false;
        continue;
      }
      if (reader.next() != JsonToken.OBJECT_BEGIN) return false;
      while (reader.next() == JsonToken.KEY) {
        const isIt = reader.tokenLength == nameLength && memory.compare(reader.tokenPointer, name, nameLength) == 0;
        const value = reader.next();
        if (isIt && value == JsonToken.STRING) {
          this.metadataPointer = reader.tokenPointer;
          this.metadataLength = reader.tokenLength;
          return true;
        }
        if (!reader.skipRest()) return false;
      }
      return false;
    }
    return false;
  }

  private read(): void {
    if (this.isRead) return;
    this.isRead = true;
    const reader = this.reader.reset(this.body, this.length);
    if (this.length == 0 || reader.next() != JsonToken.OBJECT_BEGIN) return;
    while (true) {
      const token = reader.next();
      if (token == JsonToken.END || token == JsonToken.ERROR) return;
      if (token != JsonToken.KEY) continue;
      if (reader.depth == 1 && (reader.keyEquals("tools") || reader.keyEquals("functions"))) {
        if (reader.next() != JsonToken.ARRAY_BEGIN) continue;
        this.tools = reader.next() != JsonToken.ARRAY_END;
      } else if (reader.keyEquals("type")) {
        if (reader.next() != JsonToken.STRING) continue;
        const isImage = reader.stringEquals("image_url") || reader.stringEquals("input_image");
        this.images = this.images || isImage || reader.stringEquals("image");
      } else if (reader.keyEquals("inlineData") || reader.keyEquals("inline_data")) {
        this.images = true;
      }
    }
  }
}

/** One pass, some nanoseconds a byte. */
function estimateTokens(body: usize, length: i32): i64 {
  const end = body + <usize>length;
  let ascii: i64 = 0;
  let others: i64 = 0;
  let run: i32 = 0;
  for (let at = body; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (isBlobByte(byte)) {
      run++;
      continue;
    }
    if (run < BLOB_BYTES_MIN) ascii += run;
    run = 0;
    if (byte < 0x80) ascii += byte == QUOTE ? 0 : 1;
    else if (byte >= 0xc0) others++;
  }
  if (run < BLOB_BYTES_MIN) ascii += run;
  return (ascii + BYTES_A_TOKEN - 1) / BYTES_A_TOKEN + others;
}

/** Of base64, in both of its alphabets. */
function isBlobByte(byte: u32): bool {
  const letter = byte | 0x20;
  if ((letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39)) return true;
  return byte == 0x2b || byte == 0x2f || byte == 0x2d || byte == 0x5f;
}

const text = new TaskText();

export const facts = new Facts();
