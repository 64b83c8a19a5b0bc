// Gives a multipart form that passes the target's name for the model, wherever its part is. A form without one gets it as
// its last part, if the model was named elsewhere. What is in front of the last edit of a piece is copied, nothing else.

import { MINUS } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { BufferKind, getBuffer, hostPointer, replacePrefix } from "../sdk";
import { FormEvent, FormScanner } from "./form-scanner";

const MODEL_BYTES_MAX: i32 = 1024;

const DISPOSITION = '\r\nContent-Disposition: form-data; name="model"\r\n\r\n';
const edited = new ByteWriter(i32.MAX_VALUE);

export class FormModel {
  private readonly scanner: FormScanner = new FormScanner();
  /** The target's name, UTF-8. */
  private readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private adds: bool = false;
  /** The dash that may be the last delimiter's: it was taken off the end of a piece. */
  private heldDash: bool = false;

  begin(boundary: usize, boundaryLength: i32, adds: bool): void {
    this.scanner.begin(boundary, boundaryLength);
    this.model.reset();
    this.adds = adds;
    this.heldDash = false;
  }

  /** The writer of the target's name. */
  get name(): ByteWriter {
    return this.model;
  }

  /** Whether what has come is no form that everybody would read alike. */
  get broken(): bool {
    return this.scanner.broken;
  }

  /** Edits the request's bytes that have just come. False when it is broken, or memory is short. */
  edit(size: i32): bool {
    if (size == 0) return true;
    if (!getBuffer(BufferKind.REQUEST_BODY, 0, size)) return false;
    const replaced = this.rewrite(hostPointer(), size, edited.reset());
    if (edited.overflow || this.scanner.broken) return false;
    return replaced < 0 || replacePrefix(BufferKind.REQUEST_BODY, replaced, edited.pointer, edited.length);
  }

  /** Writes what replaces the first bytes of the piece; answers how many these are, -1 when it stays as it is. */
  rewrite(piece: usize, size: i32, out: ByteWriter): i32 {
    const scanner = this.scanner;
    const end = piece + <usize>size;
    let copied = piece;
    let at = piece;
    if (this.heldDash) {
      this.heldDash = false;
      const closes = <u32>load<u8>(at) == MINUS;
      if (closes) this.add(out);
      out.writeAscii("-");
    }
    let isEdited = out.length > 0;
    while (at < end) {
      at += <usize>scanner.skippable(at, end);
      if (at == end) break;
      const event = scanner.feed(load<u8>(at++));
      if (event == FormEvent.MODEL_BEGINS) {
        out.writeBytes(copied, <i32>(at - copied));
        out.writeBytes(this.model.pointer, this.model.length);
        isEdited = true;
      } else if (event == FormEvent.MODEL_ENDS) {
        out.writeBytes(scanner.delimiter.pointer, scanner.delimiter.length);
        copied = at;
      } else if (event == FormEvent.CLOSES && this.adds && !scanner.modelSeen) {
        out.writeBytes(copied, <i32>(at - 1 - copied));
        copied = at - 1;
        isEdited = true;
        if (at == end) {
          this.heldDash = true;
          copied = end;
        } else if (<u32>load<u8>(at) == MINUS) {
          this.add(out);
        }
      }
      // The old value is left out, up to the delimiter behind it.
      if (scanner.readsModel) copied = at;
    }
    if (scanner.readsModel) return size;
    return isEdited || copied > piece ? <i32>(copied - piece) : -1;
  }

  private add(out: ByteWriter): void {
    out.writeAscii(DISPOSITION);
    out.writeBytes(this.model.pointer, this.model.length);
    out.writeBytes(this.scanner.delimiter.pointer, this.scanner.delimiter.length);
  }
}
