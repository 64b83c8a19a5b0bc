// Splits a text that begins with its reasoning in <think> tags, as it comes in pieces of raw JSON string content. The tag
// counts at the beginning only: further back it is part of what the model says. White space behind the closing tag goes.
//
//   "<thi" "nk>so\n</" "think>\n\nYes"      reasoning: "so\n"      content: "Yes"

import { BACKSLASH, hexValue4 } from "../../bytes/ascii";
import { ByteWriter } from "../../bytes/byte-writer";
import { utf8 } from "../../sdk";

const OPEN = utf8("<think>");
const CLOSE = utf8("</think>");
const HELD_BYTES_MAX: i32 = 4096;

enum State {
  /** Nothing yet but white space and the beginning of the opening tag. */
  START = 0,
  THINKING = 1,
  /** White space behind the closing tag. */
  BETWEEN = 2,
  TEXT = 3,
}

/** Of the last character that `read` looked at. */
let unitLength: usize = 1;

export class ThinkText {
  private state: State = State.START;
  /** How much of the tag that is looked for is already there, unwritten. */
  private matched: i32 = 0;
  /** White space in front of what may be the opening tag, raw. */
  private readonly held: ByteWriter = new ByteWriter(HELD_BYTES_MAX);

  reset(): void {
    this.state = State.START;
    this.matched = 0;
    this.held.reset();
  }

  /** Takes the next piece; writes raw content to either side. */
  take(pointer: usize, length: i32, reasoning: ByteWriter, content: ByteWriter): void {
    const end = pointer + <usize>length;
    let at = pointer;
    while (at < end && this.state != State.TEXT) {
      const unit = read(at);
      const next = at + unitLength;
      switch (this.state) {
        case State.START:
          if (!this.start(unit, at)) {
            this.flushStart(content);
            continue;
          }
          break;
        case State.THINKING:
          if (!this.matches(unit, CLOSE.pointer)) this.think(unit, at, reasoning);
          else if (this.matched == CLOSE.length) this.enter(State.BETWEEN);
          break;
        default:
          if (!isSpace(unit)) {
            this.enter(State.TEXT);
            continue;
          }
      }
      at = next;
    }
    content.writeBytes(at, <i32>(end - at));
  }

  /** Behind the last piece: a tag that was only begun is text. */
  finish(reasoning: ByteWriter, content: ByteWriter): void {
    if (this.state == State.START) this.flushStart(content);
    else if (this.state == State.THINKING) this.flushTag(CLOSE.pointer, reasoning);
  }

  /** False when the text does not begin with the tag. */
  private start(unit: u32, at: usize): bool {
    if (this.matches(unit, OPEN.pointer)) {
      if (this.matched == OPEN.length) this.enter(State.THINKING);
      return true;
    }
    if (this.matched > 0 || !isSpace(unit)) return false;
    this.held.writeBytes(at, <i32>unitLength);
    return !this.held.overflow;
  }

  private flushStart(content: ByteWriter): void {
    content.writeBytes(this.held.pointer, this.held.length);
    this.flushTag(OPEN.pointer, content);
    this.enter(State.TEXT);
  }

  private think(unit: u32, at: usize, reasoning: ByteWriter): void {
    const length = unitLength;
    this.flushTag(CLOSE.pointer, reasoning);
    if (!this.matches(unit, CLOSE.pointer)) reasoning.writeBytes(at, <i32>length);
  }

  private matches(unit: u32, tag: usize): bool {
    if (unit != load<u8>(tag + <usize>this.matched)) return false;
    this.matched++;
    return true;
  }

  private flushTag(tag: usize, out: ByteWriter): void {
    out.writeBytes(tag, this.matched);
    this.matched = 0;
  }

  private enter(state: State): void {
    this.state = state;
    this.matched = 0;
  }
}

/** The character at `at`, of others than ASCII one byte; its length goes to `unitLength`. */
function read(at: usize): u32 {
  const byte: u32 = load<u8>(at);
  unitLength = 1;
  if (byte != BACKSLASH) return byte;
  unitLength = 2;
  switch (<u32>load<u8>(at, 1)) {
    case 0x6e: // n
      return 0x0a;
    case 0x72: // r
      return 0x0d;
    case 0x74: // t
      return 0x09;
    case 0x2f: // solidus
      return 0x2f;
    case 0x75: // u
      unitLength = 6;
      return <u32>hexValue4(at + 2);
    default:
      return 0;
  }
}

function isSpace(unit: u32): bool {
  return unit == 0x20 || (unit >= 0x09 && unit <= 0x0d);
}
