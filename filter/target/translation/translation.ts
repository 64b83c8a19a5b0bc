// What one translation works with: where it writes, and why it gave up. A part that cannot be translated is named by its
// path in the client's request, so that its author finds it. Functions that may refuse answer `false` after `refuse…`.
//
//   list[item].parts[part].field        messages[2].content[0].image_url.url must be …

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { unescapeTo } from "../../json/text";
import { JsonError, JsonToken } from "../../json/token";
import { JsonWriter } from "../../json/writer";
import { TRANSLATED } from "../translator";
import { Notes } from "./notes";
import { Fields, Use, Value } from "./value";

/** A value that is quoted in a message; the rest of a longer one would only hide the point. */
const QUOTED_BYTES_MAX: i32 = 64;
/** Unescaped text is never longer than its source, and no body is longer than this. */
const SCRATCH_BYTES_MAX: i32 = 64 * 1024 * 1024;

const nothing = new ByteWriter(0);
const scratch = new ByteWriter(SCRATCH_BYTES_MAX);
const unread = new Notes();

export class Translation {
  readonly json: JsonWriter = new JsonWriter(nothing);
  out: ByteWriter = nothing;
  /** `TRANSLATED`, or the first `ErrorCode`. */
  code: i32 = TRANSLATED;
  /** Where the work is; -1 = not inside. The names are constants. */
  list: string = "";
  item: i32 = -1;
  parts: string = "";
  part: i32 = -1;
  /** The object whose members are read outside of lists, with its dot; mostly the body itself. */
  scope: string = "";
  private notes: Notes = unread;
  private detail: ByteWriter = unread.detail;

  /** Starts at the end of `out`; `notes` takes the reason of a refusal and what is dropped (nobody reads a reply's). */
  begin(out: ByteWriter, notes: Notes = unread): void {
    this.out = out;
    this.notes = notes;
    this.detail = notes.detail.reset();
    this.json.reset(out);
    this.code = TRANSLATED;
    this.leave();
  }

  enter(list: string, item: i32): void {
    this.list = list;
    this.item = item;
    this.part = -1;
  }

  enterPart(parts: string, part: i32): void {
    this.parts = parts;
    this.part = part;
  }

  leavePart(): void {
    this.part = -1;
  }

  leave(): void {
    this.item = -1;
    this.part = -1;
    this.scope = "";
  }

  /** The text of a string: its own bytes, also of any other value, or unescaped ones that live until the next call. Null pointer = no memory. */
  textPointer: usize = 0;
  textLength: i32 = 0;
  unescape(value: Value): bool {
    this.textPointer = value.pointer;
    this.textLength = value.length;
    if (!value.isString || !value.hasEscapes) return true;
    unescapeTo(value.pointer, value.length, scratch.reset());
    this.textPointer = scratch.pointer;
    this.textLength = scratch.length;
    return !scratch.overflow || this.refuse(ErrorCode.OVERLOADED);
  }

  get refused(): bool {
    return this.code != TRANSLATED;
  }

  refuse(code: ErrorCode): bool {
    if (this.code == TRANSLATED) this.code = code;
    return false;
  }

  /** "… must be an array." */
  refuseType(field: string, expected: string): bool {
    if (this.code != TRANSLATED) return false;
    this.writePath(field);
    this.detail.writeAscii(" must be ");
    this.detail.writeAscii(expected);
    this.detail.writeAscii(".");
    return this.refuse(ErrorCode.INVALID_TYPE);
  }

  /** "… cannot be sent to this provider", with a mend when there is one. */
  refuseField(field: string, mend: string = ""): bool {
    if (this.code != TRANSLATED) return false;
    this.writePath(field);
    this.closeRefusal(mend);
    return false;
  }

  /** The same for a value that makes the difference: "… 'video' cannot be sent to this provider". Absent ones are missed. */
  refuseValue(field: string, value: Value, mend: string = ""): bool {
    if (this.code != TRANSLATED) return false;
    if (value.token == JsonToken.NONE) return this.refuseType(field, "a string");
    if (!this.unescape(value)) return false;
    this.writePath(field);
    this.detail.writeAscii(" '");
    this.detail.writeBytes(this.textPointer, quotedLength(this.textPointer, this.textLength));
    this.detail.writeAscii("'");
    this.closeRefusal(mend);
    return false;
  }

  /**
   * Counts the members of the last object read that are declared as dropped, and those that have no name there; refuses
   * them where the model route is strict. Members within lists are named by their field alone. Within a chain what chat
   * carries as an extension is not dropped here.
   */
  dropRest(fields: Fields, inChain: bool = false): bool {
    for (let i = 0; i < fields.values.length; i++) {
      const value = unchecked(fields.values[i]);
      if (value.use != Use.DROPPED || !value.present || (inChain && value.carried.length > 0)) continue;
      if (!this.drop(value.name)) return false;
    }
    for (let i = 0; i < fields.unknownCount; i++) {
      this.notes.addDropped(fields.unknownPointer(i), fields.unknownLength(i));
      if (this.notes.strict) return this.refuseField("A member that this gateway does not know");
    }
    return true;
  }

  /** A field of the client's that the provider does not get. */
  drop(name: string): bool {
    if (this.notes.strict) return this.refuseField(name, "this model route refuses what would be dropped.");
    this.notes.addDroppedName(name);
    return true;
  }

  /** For a text that is no JSON object. */
  refuseJson(error: JsonError): bool {
    if (error == JsonError.NONE) return this.refuseType("The body", "a JSON object");
    return this.refuse(error == JsonError.DEPTH ? ErrorCode.JSON_TOO_DEEP : ErrorCode.INVALID_JSON);
  }

  /** The result of the whole, once everything is written. */
  end(whenTooLarge: ErrorCode): i32 {
    if (this.code == TRANSLATED && this.out.overflow) this.code = whenTooLarge;
    return this.code;
  }

  private closeRefusal(mend: string): void {
    this.detail.writeAscii(" cannot be sent to this provider");
    this.detail.writeAscii(mend.length > 0 ? ": " : ".");
    this.detail.writeAscii(mend);
    this.refuse(ErrorCode.UNSUPPORTED_CONTENT);
  }

  private writePath(field: string): void {
    if (this.item >= 0) this.writeStep(this.list, this.item);
    else this.detail.writeAscii(this.scope);
    if (this.item >= 0 && this.part >= 0) {
      this.detail.writeAscii(".");
      this.writeStep(this.parts, this.part);
    }
    if (this.item >= 0 && field.length > 0) this.detail.writeAscii(".");
    this.detail.writeAscii(field);
  }

  private writeStep(list: string, item: i32): void {
    this.detail.writeAscii(list);
    this.detail.writeAscii("[");
    this.detail.writeUnsigned(item);
    this.detail.writeAscii("]");
  }
}

/** As much of a UTF-8 text as is quoted: the cut is never within a character. */
function quotedLength(pointer: usize, length: i32): i32 {
  if (length <= QUOTED_BYTES_MAX) return length;
  let end = QUOTED_BYTES_MAX;
  while (end > 0 && (<u32>load<u8>(pointer + <usize>end) & 0xc0) == 0x80) end--;
  return end;
}
