// What the model thought in an earlier answer, given back to it unchanged: providers check the signatures.
//
//   {"type":"thinking","thinking":…,"signature":…}   ─▶  {"reasoningContent":{"reasoningText":{"text":…,"signature":…}}}
//   {"type":"redacted_thinking","data":…}            ─▶  {"reasoningContent":{"redactedContent":…}}

import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";

const block = new Fields();
const type = block.add("type");
const thinking = block.add("thinking");
const signature = block.add("signature");
const data = block.add("data");

const blocks = new Items();

export function writeReasoning(t: Translation, thinkingBlocks: Value): bool {
  blocks.begin(thinkingBlocks);
  while (blocks.next()) {
    t.enterPart("thinking_blocks", blocks.index);
    if (!block.readValue(blocks.value)) return t.refuseType("", "an object");
    if (!writeBlock(t)) return false;
  }
  return true;
}

function writeBlock(t: Translation): bool {
  const json = t.json;
  const isRedacted = type.is("redacted_thinking");
  if (!isRedacted && !type.is("thinking")) return t.refuseValue("type", type, "use thinking or redacted_thinking.");
  if (isRedacted && !data.isString) return t.refuseType("data", "a string");
  if (!isRedacted && !thinking.isString) return t.refuseType("thinking", "a string");
  json.objectBegin();
  json.key("reasoningContent");
  json.objectBegin();
  if (isRedacted) {
    json.key("redactedContent");
    data.copyTo(json);
  } else {
    json.key("reasoningText");
    json.objectBegin();
    json.key("text");
    thinking.copyTo(json);
    if (signature.isText) {
      json.key("signature");
      signature.copyTo(json);
    }
    json.objectEnd();
  }
  json.objectEnd();
  json.objectEnd();
  return true;
}
