// Signatures of thoughts: Gemini signs the part that follows its thoughts (a call, or a text) and wants the signature back
// at the same place. Chat clients bring it as `extra_content.google.thought_signature` of the call or message; clients of
// other APIs in the thinking block before it, marked as Gemini's, because they may bring those of another provider too.
//
//   {"type":"thinking","thinking":"…","signature":"gemini:EjQK…"}  ─▶  {"functionCall":{…},"thoughtSignature":"EjQK…"}

import { startsWithAscii } from "../../bytes/compare";
import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";

/** Before a signature within a thinking block. No other provider's signature has a colon: they are base64. */
export const SIGNATURE_MARK = "gemini:";

const extra = new Fields("messages[].extra_content.");
const google = extra.add("google", Use.STRUCTURE);
const googleExtra = new Fields("messages[].extra_content.google.");
const thoughtSignature = googleExtra.add("thought_signature", Use.NATIVE);

const block = new Fields("messages[].thinking_blocks[].");
const blockType = block.add("type");
const blockThinking = block.add("thinking", Use.MAPPED);
const blockSignature = block.add("signature", Use.MAPPED);

const blocks = new Items();

export function signatureFields(): Fields[] {
  return [extra, googleExtra, block];
}

/** A view of raw string content. */
export class Signature {
  private pointer: usize = 0;
  private length: i32 = 0;

  get present(): bool {
    return this.length > 0;
  }

  clear(): Signature {
    this.length = 0;
    return this;
  }

  /** What `extra_content` of a call or message holds. */
  read(extraContent: Value): Signature {
    const found = extra.readValue(extraContent) && googleExtra.readValue(google) && thoughtSignature.isText;
    if (!found) return this.clear();
    this.pointer = thoughtSignature.pointer;
    this.length = thoughtSignature.length;
    return this;
  }

  /** What a thinking block holds, if Gemini signed it. */
  readMarked(value: Value): void {
    if (!value.isText || !startsWithAscii(value.pointer, value.length, SIGNATURE_MARK)) return;
    this.pointer = value.pointer + <usize>SIGNATURE_MARK.length;
    this.length = value.length - SIGNATURE_MARK.length;
  }

  copy(other: Signature): Signature {
    this.pointer = other.pointer;
    this.length = other.length;
    return this;
  }

  /** The member of a part; nothing where there is no signature. */
  write(json: JsonWriter): void {
    if (!this.present) return;
    json.key("thoughtSignature");
    json.rawString(this.pointer, this.length);
  }
}

/** The signatures of one assistant message. */
export class Signatures {
  readonly ofText: Signature = new Signature();
  /** For the first call, unless it brings its own. */
  readonly ofCalls: Signature = new Signature();
  /** Of the one call or image that is being written. */
  readonly own: Signature = new Signature();
  hasThoughts: bool = false;

  read(t: Translation, thinkingBlocks: Value, extraContent: Value, hasCalls: bool): bool {
    this.hasThoughts = false;
    this.ofCalls.clear();
    this.ofText.read(extraContent);
    if (!thinkingBlocks.present) return true;
    if (!blocks.begin(thinkingBlocks)) return t.refuseType("thinking_blocks", "an array");
    while (blocks.next()) {
      if (!block.readValue(blocks.value)) return t.refuseType("thinking_blocks", "an array of objects");
      if (blockType.is("thinking")) {
        this.hasThoughts = this.hasThoughts || blockThinking.isText;
        this.ofCalls.readMarked(blockSignature);
      } else if (!t.drop("thinking_blocks")) {
        return false; // thoughts that only another provider can read
      }
    }
    if (!hasCalls && !this.ofText.present) this.ofText.copy(this.ofCalls);
    return true;
  }

  writeThoughts(t: Translation, thinkingBlocks: Value): void {
    blocks.begin(thinkingBlocks);
    while (blocks.next()) {
      if (!block.readValue(blocks.value) || !blockThinking.isText) continue;
      t.json.objectBegin();
      t.json.key("text");
      blockThinking.copyTo(t.json);
      t.json.key("thought");
      t.json.boolean(true);
      t.json.objectEnd();
    }
  }
}
