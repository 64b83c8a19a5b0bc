// How hard to think and in which format to answer: `thinking` and `output_config` of a Messages request. Chat names an
// effort. Messages takes it as `output_config.effort`; models from before it have a budget of tokens instead, and which of the
// two a target has is said by the quirk THINKING_BUDGET, not by its model's name. A client's own `thinking` is sent as it is.
//
//   "reasoning_effort":"high"  ─▶  "thinking":{"type":"adaptive"},"output_config":{"effort":"high"}
//                              ─▶  "thinking":{"type":"enabled","budget_tokens":16384}        with the quirk

import { Quirk } from "../../contract";
import { Plan } from "../plan";
import { Translation } from "../translation/translation";
import { Fields, Use, Value } from "../translation/value";
import { standsAtUnthoughtCall } from "./chat-to-messages-conversation";

/** Messages takes no smaller budget, and wants it below the cap. */
const BUDGET_MIN: i64 = 1024;
const BUDGET_LOW: i64 = 4096;
const BUDGET_MEDIUM: i64 = 8192;
const BUDGET_HIGH: i64 = 16384;
const BUDGET_MOST: i64 = 32768;

const format = new Fields("response_format.");
const formatType = format.add("type");
const formatSchema = format.add("json_schema", Use.MAPPED);
const schemaFormat = new Fields("response_format.json_schema.");
const schema = schemaFormat.add("schema", Use.NATIVE);
// A schema needs no name in Messages, and is always strict.
schemaFormat.add("name");
schemaFormat.add("strict", Use.MAPPED);
schemaFormat.add("description", Use.DROPPED);

export const outputFields: Fields[] = [format, schemaFormat];

/** No budget: the model decides by the effort how much to think. It does not think at all unless it is told to. */
export const ADAPTIVE: i64 = -1;

/**
 * The budget that stands for an effort, at most half of the cap; 0 for no thinking. Messages would refuse a budget below a
 * forced choice of a tool, behind calls that came without thinking, or with too small a cap: then the effort is dropped.
 */
export function thinkingBudget(
  t: Translation,
  plan: Plan,
  effort: Value,
  thinking: Value,
  cap: i64,
  forced: bool,
): i64 {
  if (!effort.isString || effort.is("none")) return 0;
  if ((plan.quirks & Quirk.THINKING_BUDGET) == 0) return thinking.present || forced ? 0 : ADAPTIVE;
  const wanted = budgetOf(effort);
  const budget = max(min(wanted, cap / 2), BUDGET_MIN);
  if (!thinking.present && !forced && !standsAtUnthoughtCall && budget < cap) return budget;
  effort.clear();
  t.drop("reasoning_effort");
  return 0;
}

function budgetOf(effort: Value): i64 {
  if (effort.is("minimal")) return BUDGET_MIN;
  if (effort.is("low")) return BUDGET_LOW;
  if (effort.is("medium")) return BUDGET_MEDIUM;
  return effort.is("high") ? BUDGET_HIGH : BUDGET_MOST;
}

export function writeOutput(t: Translation, effort: Value, thinking: Value, responseFormat: Value, budget: i64): bool {
  if (t.refused || !writeThinking(t, effort, thinking, budget)) return false;
  const hasEffort = effort.present && !effort.is("none") && budget <= 0;
  schema.clear();
  if (responseFormat.present && !readFormat(t, responseFormat)) return false;
  if (!hasEffort && !schema.present) return true;
  t.json.key("output_config");
  t.json.objectBegin();
  if (hasEffort && !writeEffort(t, effort)) return false;
  if (schema.present) writeFormat(t);
  t.json.objectEnd();
  return true;
}

function writeThinking(t: Translation, effort: Value, thinking: Value, budget: i64): bool {
  if (thinking.present && !thinking.isObject) return t.refuseType("thinking", "an object");
  if (!thinking.present && budget == 0 && !effort.is("none")) return true;
  t.json.key("thinking");
  if (thinking.present) {
    thinking.copyTo(t.json);
    return true;
  }
  t.json.objectBegin();
  writeMember(t, "type", budget > 0 ? "enabled" : budget == ADAPTIVE ? "adaptive" : "disabled");
  if (budget > 0) {
    t.json.key("budget_tokens");
    t.json.integer(budget);
  }
  t.json.objectEnd();
  return true;
}

function writeEffort(t: Translation, effort: Value): bool {
  if (!effort.isString) return t.refuseType("reasoning_effort", "a string");
  t.json.key("effort");
  if (effort.is("minimal")) t.json.ascii("low");
  else effort.copyTo(t.json);
  return true;
}

/** Leaves the schema in `schema`; absent for plain text. */
function readFormat(t: Translation, responseFormat: Value): bool {
  if (!format.readValue(responseFormat)) return t.refuseType("response_format", "an object");
  if (formatType.is("text")) return true;
  if (!formatType.is("json_schema")) {
    return t.refuseValue("response_format.type", formatType, "use json_schema with a schema.");
  }
  if (!schemaFormat.readValue(formatSchema) || !schema.isObject) {
    return t.refuseType("response_format.json_schema.schema", "an object");
  }
  return t.dropRest(format) && t.dropRest(schemaFormat);
}

function writeFormat(t: Translation): void {
  t.json.key("format");
  t.json.objectBegin();
  writeMember(t, "type", "json_schema");
  t.json.key("schema");
  schema.copyTo(t.json);
  t.json.objectEnd();
}

function writeMember(t: Translation, name: string, text: string): void {
  t.json.key(name);
  t.json.ascii(text);
}
