// How hard to think: chat's `reasoning_effort` and Anthropic's `thinking` as `thinkingConfig`. Gemini 2.5 takes a budget
// in tokens, later models a level, and none takes both. The figures of the efforts are those of Google's own OpenAI API.
//
//   effort     none     minimal   low    medium   high, xhigh, max
//   budget     0        1024      1024   8192     24576               (128 where "pro" cannot stop thinking)
//   level      MINIMAL  MINIMAL   LOW    MEDIUM   HIGH                (LOW where "pro" has no MINIMAL)

import { JsonWriter } from "../../json/writer";
import { Plan } from "../plan";
import { Translation } from "../translation/translation";
import { Fields, Use, Value } from "../translation/value";
import { isPro, thinksByBudget } from "./gemini-model";

const BUDGET_LOW: i64 = 1024;
const BUDGET_MEDIUM: i64 = 8192;
/** Also the most that Gemini 2.5 Flash takes. */
const BUDGET_HIGH: i64 = 24_576;
/** The bounds of Gemini 2.5 Pro. */
const BUDGET_PRO_MIN: i64 = 128;
const BUDGET_PRO_MAX: i64 = 32_768;
const NO_BUDGET: i64 = -1;

const wanted = new Fields("thinking.");
const wantedType = wanted.add("type", Use.MAPPED);
const wantedBudget = wanted.add("budget_tokens", Use.MAPPED);
const wantedDisplay = wanted.add("display", Use.MAPPED);

export function thinkingFields(): Fields[] {
  return [wanted];
}

export class ThinkingConfig {
  private level: string = "";
  private budget: i64 = NO_BUDGET;
  private thoughts: bool = false;

  /** One for all: what it says is written before the next is asked for. Null = refused. */
  static of(t: Translation, plan: Plan, effort: Value, thinking: Value): ThinkingConfig | null {
    const config = only;
    config.level = "";
    config.budget = NO_BUDGET;
    config.thoughts = false;
    if (effort.present && !effort.isString) return refusedType(t, "reasoning_effort", "a string");
    if (!thinking.present) return config.takeEffort(t, plan, effort) ? config : null;
    if (!wanted.readValue(thinking)) return refusedType(t, "thinking", "an object");
    return config.takeThinking(t, plan, effort) && t.dropRest(wanted) ? config : null;
  }

  get isEmpty(): bool {
    return this.level.length == 0 && this.budget == NO_BUDGET && !this.thoughts;
  }

  write(json: JsonWriter): void {
    json.objectBegin();
    if (this.level.length > 0) {
      json.key("thinkingLevel");
      json.ascii(this.level);
    }
    if (this.budget != NO_BUDGET) {
      json.key("thinkingBudget");
      json.integer(this.budget);
    }
    if (this.thoughts) {
      json.key("includeThoughts");
      json.boolean(true);
    }
    json.objectEnd();
  }

  /** A budget is more precise than an effort beside it. */
  private takeThinking(t: Translation, plan: Plan, effort: Value): bool {
    if (wantedType.is("disabled")) {
      this.stop(plan);
      return !effort.present || t.drop("reasoning_effort");
    }
    if (!wantedType.is("enabled") && !wantedType.is("adaptive")) return t.refuseValue("thinking.type", wantedType);
    if (wantedBudget.present) {
      if (!wantedBudget.isNumber) return t.refuseType("thinking.budget_tokens", "a number");
      const most = isPro(plan) || !thinksByBudget(plan) ? BUDGET_PRO_MAX : BUDGET_HIGH;
      this.budget = min(wantedBudget.count, most);
      if (effort.present && !t.drop("reasoning_effort")) return false;
    } else if (!this.takeEffort(t, plan, effort)) {
      return false;
    }
    this.thoughts = !wantedDisplay.is("omitted");
    return true;
  }

  private takeEffort(t: Translation, plan: Plan, effort: Value): bool {
    if (!effort.present) return true;
    this.thoughts = !effort.is("none");
    if (effort.is("none")) this.stop(plan);
    else if (effort.is("minimal")) this.take(plan, isPro(plan) ? "LOW" : "MINIMAL", BUDGET_LOW);
    else if (effort.is("low")) this.take(plan, "LOW", BUDGET_LOW);
    else if (effort.is("medium")) this.take(plan, "MEDIUM", BUDGET_MEDIUM);
    else if (effort.is("high") || effort.is("xhigh") || effort.is("max")) this.take(plan, "HIGH", BUDGET_HIGH);
    else return t.refuseValue("reasoning_effort", effort, "use none, minimal, low, medium or high.");
    return true;
  }

  /** As little as the model can do. */
  private stop(plan: Plan): void {
    this.take(plan, isPro(plan) ? "LOW" : "MINIMAL", isPro(plan) ? BUDGET_PRO_MIN : 0);
  }

  private take(plan: Plan, level: string, budget: i64): void {
    if (thinksByBudget(plan)) this.budget = budget;
    else this.level = level;
  }
}

const only = new ThinkingConfig();

function refusedType(t: Translation, field: string, expected: string): ThinkingConfig | null {
  t.refuseType(field, expected);
  return null;
}
