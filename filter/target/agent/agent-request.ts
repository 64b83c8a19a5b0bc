// What chat requests to agent platforms (Dify, Coze, Bailian) have in common: an application answers, which has its model,
// its tools and its tuning already. Tuning is dropped and counted; what asks for another kind of answer is refused. Each
// platform declares members of its own beside these.

import { isZero } from "../translation/number";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";

const format = new Fields();
const formatType = format.add("type");
const items = new Items();

export class AgentRequest {
  readonly fields: Fields = new Fields();
  readonly messages: Value = this.fields.add("messages", Use.MAPPED);
  private readonly choices: Value = this.fields.add("n", Use.REFUSED);
  private readonly logprobs: Value = this.fields.add("logprobs", Use.REFUSED);
  private readonly topLogprobs: Value = this.fields.add("top_logprobs", Use.REFUSED);
  private readonly logitBias: Value = this.fields.add("logit_bias", Use.REFUSED);
  private readonly stop: Value = this.fields.add("stop", Use.REFUSED);
  private readonly tools: Value = this.fields.add("tools", Use.REFUSED);
  private readonly functions: Value = this.fields.add("functions", Use.REFUSED);
  private readonly responseFormat: Value = this.fields.add("response_format", Use.REFUSED);
  private readonly modalities: Value = this.fields.add("modalities", Use.REFUSED);
  private readonly audio: Value = this.fields.add("audio", Use.REFUSED);
  private readonly webSearch: Value = this.fields.add("web_search_options", Use.REFUSED);
  private readonly moderation: Value = this.fields.add("moderation", Use.REFUSED);

  constructor() {
    const fields = this.fields;
    fields.add("model", Use.MAPPED);
    fields.add("stream", Use.MAPPED);
    fields.add("stream_options", Use.MAPPED);
    fields.add("max_tokens", Use.DROPPED);
    fields.add("max_completion_tokens", Use.DROPPED);
    fields.add("temperature", Use.DROPPED);
    fields.add("top_p", Use.DROPPED);
    fields.add("top_k", Use.DROPPED);
    fields.add("seed", Use.DROPPED);
    fields.add("frequency_penalty", Use.DROPPED);
    fields.add("presence_penalty", Use.DROPPED);
    fields.add("tool_choice", Use.DROPPED);
    fields.add("parallel_tool_calls", Use.DROPPED);
    fields.add("safety_settings", Use.DROPPED);
    fields.add("store", Use.DROPPED);
    fields.add("service_tier", Use.DROPPED);
    fields.add("verbosity", Use.DROPPED);
    fields.add("prediction", Use.DROPPED);
    fields.add("prompt_cache_key", Use.DROPPED);
    fields.add("prompt_cache_retention", Use.DROPPED);
  }

  /** Reads the body and refuses what no application can do. */
  read(t: Translation, body: usize, length: i32): bool {
    if (!this.fields.read(body, length)) {
      t.refuseJson(this.fields.error);
      return false;
    }
    return this.checkAnswer(t) && this.checkFormat(t) && t.dropRest(this.fields);
  }

  private checkAnswer(t: Translation): bool {
    const choices = this.choices;
    if (choices.present && !(choices.isNumber && choices.count == 1)) return t.refuseValue("n", choices, "send 1.");
    if (this.logprobs.isTrue) return t.refuseField("logprobs");
    if (this.topLogprobs.present && !isZero(this.topLogprobs)) return t.refuseField("top_logprobs");
    if (this.logitBias.present && !this.logitBias.isEmpty) return t.refuseField("logit_bias");
    if (this.stop.present && !this.stop.isEmpty) return t.refuseField("stop", "an application ends by itself.");
    if (this.tools.present && !this.tools.isEmpty) return t.refuseField("tools", "the application has its own.");
    if (this.functions.present && !this.functions.isEmpty)
      return t.refuseField("functions", "the application has its own.");
    if (this.audio.present) return t.refuseField("audio");
    if (this.webSearch.present) return t.refuseField("web_search_options");
    if (this.moderation.present) return t.refuseField("moderation");
    return true;
  }

  private checkFormat(t: Translation): bool {
    if (this.responseFormat.present) {
      if (!format.readValue(this.responseFormat)) return t.refuseType("response_format", "an object");
      if (!formatType.is("text")) return t.refuseValue("response_format.type", formatType, "use text.");
    }
    if (!this.modalities.present) return true;
    if (!items.begin(this.modalities)) return t.refuseType("modalities", "an array");
    while (items.next()) {
      if (!items.value.is("text")) return t.refuseValue("modalities", items.value);
    }
    return true;
  }
}

/** Who asks, for platforms that insist on it; `sluice` stands for all who do not say. */
export class AgentUser {
  private readonly user: Value;
  private readonly safetyIdentifier: Value;

  constructor(request: AgentRequest) {
    this.user = request.fields.add("user", Use.MAPPED);
    this.safetyIdentifier = request.fields.add("safety_identifier", Use.MAPPED);
  }

  write(t: Translation, name: string): bool {
    const id = this.safetyIdentifier.present ? this.safetyIdentifier : this.user;
    if (id.present && !id.isString) return t.refuseType(id.name, "a string");
    t.json.key(name);
    if (id.present) id.copyTo(t.json);
    else t.json.ascii("sluice");
    return true;
  }
}
