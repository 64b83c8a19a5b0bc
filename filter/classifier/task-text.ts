// The text that is classified, gathered from the JSON strings of a request's last user message. It keeps no more than the
// first 3,072 bytes, or, of longer texts, the first 2,048 and the last 1,024; a string of megabytes costs no more.
//
//   raw JSON string content ─▶ unescaped ─▶ [ head … | … tail ]        texts of several parts: joined by a line feed

import { BACKSLASH } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { CLASSIFIER_HEAD_BYTES, CLASSIFIER_TAIL_BYTES } from "../contract";
import { unescapeTo } from "../json/text";

const WHOLE_BYTES_MAX: i32 = <i32>(CLASSIFIER_HEAD_BYTES + CLASSIFIER_TAIL_BYTES);
/** Six bytes of raw content may stand for one byte of text. */
const RAW_BYTES_PER_BYTE: i32 = 6;
/** So that what is cut in two at the edge of a piece, at most a pair of surrogates, is outside of what is used. */
const SLACK_BYTES: i32 = 24;
/** So many backslashes in a row are counted, so that a text of nothing else costs no more; a longer run may be read wrongly. */
const RUN_BYTES_MAX: usize = 4096;

/** One text at a time in a VM: these are shared by all instances. */
const headBytes: usize = memory.data(3072);
const tailBytes: usize = memory.data(1024);
const unescaped = new ByteWriter((WHOLE_BYTES_MAX + SLACK_BYTES) * RAW_BYTES_PER_BYTE);
const lineFeed: usize = memory.data<u8>([0x0a]);

export class TaskText {
  /** Bytes in `head`. */
  headLength: i32 = 0;
  /** Bytes in `tail`; 0 while all of the text is in `head`. */
  tailLength: i32 = 0;
  private tailKept: i32 = 0;
  private overflowed: bool = false;

  get head(): usize {
    return headBytes;
  }
  get tail(): usize {
    return tailBytes;
  }

  /** Begins a message. */
  begin(): void {
    this.headLength = 0;
    this.tailLength = 0;
    this.tailKept = 0;
    this.overflowed = false;
  }

  /** Adds the raw content of a JSON string (what stands between its quotes): one part of the message. */
  takeRaw(pointer: usize, length: i32): void {
    if (length <= 0) return;
    this.joinPart();
    const rawMax = (WHOLE_BYTES_MAX + SLACK_BYTES) * RAW_BYTES_PER_BYTE;
    unescapeTo(pointer, min(length, rawMax), unescaped.reset());
    if (length <= rawMax) {
      this.add(unescaped.pointer, unescaped.length);
      return;
    }
    // The text is longer than all that is kept: its beginning, then its end.
    this.add(unescaped.pointer, unescaped.length);
    const end = pointer + <usize>length;
    const from = wholeEscapeFrom(pointer, end - (CLASSIFIER_TAIL_BYTES + SLACK_BYTES) * RAW_BYTES_PER_BYTE);
    unescapeTo(from, <i32>(end - from), unescaped.reset());
    this.keepTail(unescaped.pointer, unescaped.length);
  }

  /** Adds text that is no JSON string. */
  takeText(pointer: usize, length: i32): void {
    if (length <= 0) return;
    this.joinPart();
    this.add(pointer, length);
  }

  /** Ends the message: now it can be classified. */
  end(): void {
    if (!this.overflowed) return;
    this.headLength = CLASSIFIER_HEAD_BYTES;
    this.tailLength = this.tailKept;
  }

  private joinPart(): void {
    if (this.headLength > 0) this.add(lineFeed, 1);
  }

  private add(pointer: usize, length: i32): void {
    if (!this.overflowed) {
      if (length <= WHOLE_BYTES_MAX - this.headLength) {
        memory.copy(headBytes + <usize>this.headLength, pointer, length);
        this.headLength += length;
        return;
      }
      this.overflowed = true;
      this.keepTail(headBytes, this.headLength);
      const room = WHOLE_BYTES_MAX - this.headLength;
      memory.copy(headBytes + <usize>this.headLength, pointer, room);
      this.headLength = WHOLE_BYTES_MAX;
    }
    this.keepTail(pointer, length);
  }

  /** Moves the last bytes up, so that these are the last. */
  private keepTail(pointer: usize, length: i32): void {
    const most = <i32>CLASSIFIER_TAIL_BYTES;
    if (length >= most) {
      memory.copy(tailBytes, pointer + <usize>(length - most), most);
      this.tailKept = most;
      return;
    }
    const kept = min(this.tailKept, most - length);
    memory.copy(tailBytes, tailBytes + <usize>(this.tailKept - kept), kept);
    memory.copy(tailBytes + <usize>kept, pointer, length);
    this.tailKept = kept + length;
  }
}

/** The first place at or behind `at` that is not inside of an escape. */
function wholeEscapeFrom(begin: usize, at: usize): usize {
  for (let back: usize = 1; back <= 5 && at - back >= begin; back++) {
    const start = at - back;
    if (<u32>load<u8>(start) != BACKSLASH || !beginsEscape(begin, start)) continue;
    const width: usize = <u32>load<u8>(start, 1) == 0x75 ? 6 : 2;
    return start + width > at ? start + width : at;
  }
  return at;
}

/** Whether the backslash at `at` begins an escape, and is not itself escaped: as many as stand before it, even or odd. */
function beginsEscape(begin: usize, at: usize): bool {
  const first = at - begin > RUN_BYTES_MAX ? at - RUN_BYTES_MAX : begin;
  let before = at;
  while (before > first && <u32>load<u8>(before - 1) == BACKSLASH) before--;
  return ((at - before) & 1) == 0;
}
