// `additionalModelRequestFields`: what Converse hands to the model as it stands. Models differ in what they take, so this
// goes by the model's name; behind an ARN that hides it, Claude is assumed, whose fields chat's extensions are.
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html

import { equalsAscii } from "../../bytes/compare";
import { Plan } from "../plan";
import { Translation } from "../translation/translation";
import { Value } from "../translation/value";

enum Family {
  CLAUDE = 0,
  NOVA = 1,
  OTHER = 2,
}

/** Whether it is a Claude that an effort makes think; none may while it is made to call a tool. */
export function thinksByEffort(plan: Plan, effort: Value, thinking: Value, toolChoice: Value): bool {
  if (thinking.present || !effort.isString || effort.is("none")) return false;
  return familyOf(plan) == Family.CLAUDE && !toolChoice.is("required") && !toolChoice.isObject;
}

export function writeModelFields(
  t: Translation,
  plan: Plan,
  given: Value,
  thinking: Value,
  effort: Value,
  topK: Value,
  adapts: bool,
): bool {
  if (given.present && !given.isObject) return t.refuseType("additionalModelRequestFields", "an object");
  const family = familyOf(plan);
  const isClaude = family == Family.CLAUDE;
  if (thinking.isObject && !isClaude && !t.drop("thinking")) return false;
  if (topK.present && !topK.isNumber) return t.refuseType("top_k", "a number");
  const thinks = isClaude && (adapts || thinking.isObject || effort.is("none"));
  const hasGiven = given.isObject && !given.isEmpty;
  if (!hasGiven && !thinks && !topK.present) return true;
  const json = t.json;
  json.key("additionalModelRequestFields");
  json.objectBegin();
  if (hasGiven) json.raw(given.pointer + 1, given.length - 2);
  if (thinks) {
    json.key("thinking");
    if (thinking.isObject) thinking.copyTo(json);
    else json.literal(adapts ? '{"type":"adaptive"}' : '{"type":"disabled"}');
  }
  if (topK.present) writeTopK(t, family, topK);
  json.objectEnd();
  return true;
}

function writeTopK(t: Translation, family: Family, topK: Value): void {
  if (family != Family.NOVA) {
    t.json.key("top_k");
    topK.copyTo(t.json);
    return;
  }
  t.json.key("inferenceConfig");
  t.json.objectBegin();
  t.json.key("topK");
  topK.copyTo(t.json);
  t.json.objectEnd();
}

function familyOf(plan: Plan): Family {
  if (contains(plan, "anthropic.")) return Family.CLAUDE;
  if (contains(plan, "amazon.nova")) return Family.NOVA;
  return contains(plan, ":application-inference-profile/") || contains(plan, ":provisioned-model/")
    ? Family.CLAUDE
    : Family.OTHER;
}

function contains(plan: Plan, text: string): bool {
  const last = plan.modelLength - text.length;
  for (let i = 0; i <= last; i++) {
    if (equalsAscii(plan.modelPointer + <usize>i, text.length, text)) return true;
  }
  return false;
}
