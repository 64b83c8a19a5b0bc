// Events of a Messages stream: content blocks are open one at a time and numbered from 0, so a new one closes the one before.
//
//   openBlock(kind) … type's value and members, then `endBlock`      beginDelta(type, field) … value, then `endDelta`

import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { sseBegin, sseEnd } from "../../sse/writer";
import { Value } from "../translation/value";

/** Writes the members of the event that was begun last. */
export const eventJson = new JsonWriter(new ByteWriter(0));
const json = eventJson;

export enum Block {
  NONE = 0,
  TEXT = 1,
  THINKING = 2,
  TOOL_USE = 3,
  /** Whole with its beginning. */
  REDACTED = 4,
}

export class MessagesEvents {
  open: Block = Block.NONE;
  /** Index of the block that is open or was last. */
  private index: i32 = -1;

  reset(): void {
    this.open = Block.NONE;
    this.index = -1;
  }

  /** An event whose data begins with its own type. */
  begin(type: string, out: ByteWriter): void {
    sseBegin(out, type);
    json.reset(out).objectBegin();
    json.key("type");
    json.ascii(type);
  }

  end(out: ByteWriter): void {
    json.objectEnd();
    sseEnd(out);
  }

  /** Up to the members of the new block. */
  openBlock(kind: Block, out: ByteWriter): void {
    this.closeBlock(out);
    this.open = kind;
    this.index++;
    this.begin("content_block_start", out);
    json.key("index");
    json.integer(this.index);
    json.key("content_block");
    json.objectBegin();
  }

  endBlock(out: ByteWriter): void {
    json.objectEnd();
    this.end(out);
  }

  openText(out: ByteWriter): void {
    if (this.open == Block.TEXT) return;
    this.openBlock(Block.TEXT, out);
    json.key("type");
    json.ascii("text");
    json.key("text");
    json.ascii("");
    this.endBlock(out);
  }

  openThinking(out: ByteWriter): void {
    if (this.open == Block.THINKING) return;
    this.openBlock(Block.THINKING, out);
    json.key("type");
    json.ascii("thinking");
    json.key("thinking");
    json.ascii("");
    json.key("signature");
    json.ascii("");
    this.endBlock(out);
  }

  closeBlock(out: ByteWriter): void {
    if (this.open == Block.NONE) return;
    this.open = Block.NONE;
    this.begin("content_block_stop", out);
    json.key("index");
    json.integer(this.index);
    this.end(out);
  }

  /** Up to the value of the delta's only member. */
  beginDelta(type: string, field: string, out: ByteWriter): void {
    this.begin("content_block_delta", out);
    json.key("index");
    json.integer(this.index);
    json.key("delta");
    json.objectBegin();
    json.key("type");
    json.ascii(type);
    json.key(field);
  }

  endDelta(out: ByteWriter): void {
    json.objectEnd();
    this.end(out);
  }

  writeDelta(type: string, field: string, value: Value, out: ByteWriter): void {
    this.beginDelta(type, field, out);
    value.copyTo(json);
    this.endDelta(out);
  }
}
