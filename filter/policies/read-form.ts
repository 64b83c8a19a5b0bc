// Reads the model from a multipart form while it arrives. Once the model is known the form passes unread, so that a client
// that names the model in front of the file waits for nothing; otherwise the form is held to its end.

import { FormScanner } from "../multipart/form-scanner";
import { BufferKind, getBuffer, hostPointer } from "../sdk";

/** What is read at once: the VM never holds more of a form. */
const WINDOW_BYTES: i32 = 64 * 1024;

export class FormReader {
  readonly scanner: FormScanner = new FormScanner();
  private seen: i32 = 0;

  begin(boundary: usize, length: i32): void {
    this.scanner.begin(boundary, length);
    this.seen = 0;
  }

  /** Reads what is new of the `size` bytes that are held, as far as the model. False when the host did not hand it over. */
  read(size: i32): bool {
    const scanner = this.scanner;
    while (this.seen < size && !scanner.modelSeen && !scanner.ended) {
      const length = min(size - this.seen, WINDOW_BYTES);
      if (!getBuffer(BufferKind.REQUEST_BODY, this.seen, length)) return false;
      const start = hostPointer();
      const end = start + <usize>length;
      let at = start;
      while (at < end && !scanner.modelSeen && !scanner.ended) {
        at += <usize>scanner.skippable(at, end);
        if (at < end) scanner.feed(load<u8>(at++));
      }
      this.seen += <i32>(at - start);
    }
    return true;
  }
}
