// Finds the part "model" of a multipart form while the form passes, however it is cut. It keeps the value of that part and
// the headers of the part that is being read, and nothing of files.
//
//   --boundary⏎ Content-Disposition: form-data; name="model"⏎ ⏎ whisper-1⏎ --boundary⏎ … --boundary--
//                                                              └───────┘ valueStart ↔ valueEnd

import { CARRIAGE_RETURN, LINE_FEED, MINUS, SPACE, TAB } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { kindOfPart, PartKind } from "./part-headers";

/** RFC 2046 allows 70 characters. */
export const BOUNDARY_BYTES_MAX: i32 = 256;
const DELIMITER_BYTES_MAX: i32 = BOUNDARY_BYTES_MAX + 4;
const HEADERS_BYTES_MAX: i32 = 8 * 1024;
const VALUE_BYTES_MAX: i32 = 1024;
/** "⏎ --", of which the first delimiter needs only what is behind the line break. */
const LINE_BREAK_BYTES: i32 = 2;

/** What the byte that was fed last has brought. */
export enum FormEvent {
  NONE,
  /** The value of the model begins behind this byte. */
  MODEL_BEGINS,
  /** The delimiter behind the model's value is complete. */
  MODEL_ENDS,
  /** The dash behind the last delimiter: what comes next ends the form, unless it is no second one. */
  CLOSES,
}

enum State {
  /** In front of the first delimiter, or in a part: looking for the next one. */
  CONTENT,
  /** Behind a delimiter: a line break begins a part, two dashes end the form. */
  DELIMITED,
  HEADERS,
  ENDED,
}

export class FormScanner {
  /** It is no form, or one of which two readers could make two things. */
  broken: bool = false;
  modelSeen: bool = false;
  /** Offsets of the value from the form's first byte. */
  valueStart: u32 = 0;
  valueEnd: u32 = 0;
  /** The value; longer ones overflow. */
  readonly value: ByteWriter = new ByteWriter(VALUE_BYTES_MAX);
  readonly delimiter: ByteWriter = new ByteWriter(DELIMITER_BYTES_MAX);
  private readonly headers: ByteWriter = new ByteWriter(HEADERS_BYTES_MAX);
  private state: State = State.CONTENT;
  /** The byte before, behind a delimiter and in headers; 0 = the delimiter itself. */
  private last: u32 = 0;
  /** Bytes of the delimiter that the last bytes were. */
  private matched: i32 = LINE_BREAK_BYTES;
  private inModel: bool = false;
  private position: u32 = 0;

  begin(boundary: usize, length: i32): void {
    this.delimiter.reset().writeAscii("\r\n--");
    this.delimiter.writeBytes(boundary, length);
    this.broken = this.delimiter.overflow || length == 0;
    this.modelSeen = false;
    this.value.reset();
    this.headers.reset();
    this.state = State.CONTENT;
    this.matched = LINE_BREAK_BYTES;
    this.inModel = false;
    this.position = 0;
  }

  get ended(): bool {
    return this.state == State.ENDED;
  }
  /** Whether what comes next belongs to the model's value, or to the delimiter behind it. */
  get readsModel(): bool {
    return this.inModel;
  }

  /** Bytes from `at` that need no look because they belong to a part that is not the model's. */
  skippable(at: usize, end: usize): i32 {
    if (this.state != State.CONTENT || this.inModel || this.matched > 0) return 0;
    let next = at;
    while (next < end && <u32>load<u8>(next) != CARRIAGE_RETURN) next++;
    const skipped = <i32>(next - at);
    this.position += <u32>skipped;
    return skipped;
  }

  feed(byte: u32): FormEvent {
    this.position++;
    switch (this.state) {
      case State.CONTENT:
        return this.content(byte);
      case State.DELIMITED:
        return this.delimited(byte);
      case State.HEADERS:
        return this.header(byte);
      default:
        return FormEvent.NONE;
    }
  }

  private content(byte: u32): FormEvent {
    const delimiter = this.delimiter;
    if (byte == <u32>load<u8>(delimiter.pointer + <usize>this.matched)) {
      this.matched++;
      return this.matched == delimiter.length ? this.delimit() : FormEvent.NONE;
    }
    if (this.inModel) this.value.writeBytes(delimiter.pointer, this.matched);
    // A delimiter has its first byte nowhere else.
    this.matched = byte == CARRIAGE_RETURN ? 1 : 0;
    if (this.inModel && this.matched == 0) this.value.writeByte(byte);
    return FormEvent.NONE;
  }

  private delimit(): FormEvent {
    this.state = State.DELIMITED;
    this.last = 0;
    this.headers.reset();
    this.matched = 0;
    if (!this.inModel) return FormEvent.NONE;
    this.inModel = false;
    this.modelSeen = true;
    this.valueEnd = this.position - <u32>this.delimiter.length;
    return FormEvent.MODEL_ENDS;
  }

  /** White space may stand between a delimiter and its line break. */
  private delimited(byte: u32): FormEvent {
    const before = this.last;
    this.last = byte;
    if (byte == MINUS && before == 0) return FormEvent.CLOSES;
    if (byte == MINUS && before == MINUS) {
      this.state = State.ENDED;
    } else if (byte == LINE_FEED && before == CARRIAGE_RETURN) {
      this.state = State.HEADERS;
    } else if (before == MINUS || before == CARRIAGE_RETURN || !isPadding(byte)) {
      return this.fail();
    }
    return FormEvent.NONE;
  }

  private header(byte: u32): FormEvent {
    const headers = this.headers;
    const before = this.last;
    this.last = byte;
    headers.writeByte(byte);
    if (headers.overflow || (byte == LINE_FEED) != (before == CARRIAGE_RETURN)) return this.fail();
    if (byte != LINE_FEED || !endsWithEmptyLine(headers)) return FormEvent.NONE;
    const kind = kindOfPart(headers.pointer, headers.length);
    if (kind == PartKind.BROKEN || (kind == PartKind.MODEL && this.modelSeen)) return this.fail();
    this.state = State.CONTENT;
    // The line break of the empty line may be the delimiter's, if the part is empty.
    this.matched = LINE_BREAK_BYTES;
    this.inModel = kind == PartKind.MODEL;
    if (!this.inModel) return FormEvent.NONE;
    this.matched = 0;
    this.valueStart = this.position;
    this.value.reset();
    return FormEvent.MODEL_BEGINS;
  }

  private fail(): FormEvent {
    this.broken = true;
    this.state = State.ENDED;
    return FormEvent.NONE;
  }
}

function isPadding(byte: u32): bool {
  return byte == CARRIAGE_RETURN || byte == SPACE || byte == TAB;
}

/** A part without headers has its empty line at once. */
function endsWithEmptyLine(headers: ByteWriter): bool {
  if (headers.length == LINE_BREAK_BYTES) return true;
  if (headers.length < 4) return false;
  return load<u32>(headers.pointer + <usize>(headers.length - 4)) == 0x0a0d0a0d;
}
