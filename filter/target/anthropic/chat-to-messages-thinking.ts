// What a Claude model thought in earlier turns, from chat's extension `thinking_blocks` back to Messages' blocks. Messages
// wants them first in their turn and takes none without its signature: those, and thinking that is text alone, are left
// out and counted.
//
//   {"thinking_blocks":[{"type":"thinking","thinking":"…","signature":"…"}]}  ─▶  the same blocks in `content`

import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";

const block = new Fields("messages[].thinking_blocks[].");
const type = block.add("type");
const thinking = block.add("thinking", Use.NATIVE);
const signature = block.add("signature", Use.NATIVE);
const data = block.add("data", Use.NATIVE);

export const thinkingFields: Fields[] = [block];

const blocks = new Items();

/** How many blocks of the message Messages takes; -1 when it was refused. */
export function countThinking(t: Translation, from: Value): i32 {
  if (!from.present) return 0;
  if (!blocks.begin(from)) {
    t.refuseType("thinking_blocks", "an array");
    return -1;
  }
  let count = 0;
  while (blocks.next()) {
    t.enterPart("thinking_blocks", blocks.index);
    if (!block.readValue(blocks.value)) t.refuseType("", "an object");
    else if (isSigned()) count++;
    else t.drop("thinking");
    if (t.refused) return -1;
  }
  t.leavePart();
  return count;
}

export function writeThinking(t: Translation, from: Value): void {
  blocks.begin(from);
  while (blocks.next()) {
    if (!block.readValue(blocks.value) || !isSigned()) continue;
    t.json.objectBegin();
    t.json.key("type");
    type.copyTo(t.json);
    if (data.isText) {
      t.json.key("data");
      data.copyTo(t.json);
    } else {
      t.json.key("thinking");
      if (thinking.isString) thinking.copyTo(t.json);
      else t.json.ascii("");
      t.json.key("signature");
      signature.copyTo(t.json);
    }
    t.json.objectEnd();
  }
}

function isSigned(): bool {
  if (type.is("redacted_thinking")) return data.isText;
  return type.is("thinking") && !data.present && signature.isText;
}
