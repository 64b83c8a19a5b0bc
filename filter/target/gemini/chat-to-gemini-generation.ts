// `generationConfig`: what in a chat request tunes the answer. The object begins with its first member, so that a request
// that tunes nothing has none.

import { Plan } from "../plan";
import { writeStopTexts } from "../translation/chat-request";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { requestedResolution } from "./chat-to-gemini-parts";
import { ThinkingConfig, thinkingFields } from "./chat-to-gemini-thinking";

const format = new Fields("response_format.");
const formatType = format.add("type", Use.MAPPED);
const formatSchema = format.add("json_schema", Use.MAPPED);
const schemaFormat = new Fields("response_format.json_schema.");
const schema = schemaFormat.add("schema", Use.NATIVE);
// They name the schema and ask for what Gemini does anyway.
schemaFormat.add("name", Use.STRUCTURE);
schemaFormat.add("description", Use.STRUCTURE);
schemaFormat.add("strict", Use.STRUCTURE);

const audioFormat = new Fields("audio.");
const audioVoice = audioFormat.add("voice", Use.MAPPED);
const audioType = audioFormat.add("format", Use.MAPPED);

const items = new Items();

export function generationFields(): Fields[] {
  return [format, schemaFormat, audioFormat].concat(thinkingFields());
}

export class GenerationConfig {
  private open: bool = false;

  constructor(private readonly t: Translation) {}

  reset(): void {
    this.open = false;
  }

  end(): void {
    if (this.open) this.t.json.objectEnd();
  }

  number(name: string, value: Value): bool {
    if (!value.present) return true;
    if (!value.isNumber) return this.t.refuseType(value.name, "a number");
    this.begin(name);
    value.copyTo(this.t.json);
    return true;
  }

  /** Thinking counts in both APIs. Gemini has no required cap: without one here and at the target the model's own holds. */
  maxOutputTokens(given: Value, otherwise: u32): bool {
    if (given.present || otherwise == 0) return this.number("maxOutputTokens", given);
    this.begin("maxOutputTokens");
    this.t.json.integer(otherwise);
    return true;
  }

  stopSequences(stop: Value): bool {
    if (!stop.present || stop.isEmpty) return true;
    this.begin("stopSequences");
    return writeStopTexts(this.t, stop);
  }

  logprobs(wanted: Value, top: Value): bool {
    if (!wanted.isTrue) return true;
    this.begin("responseLogprobs");
    this.t.json.boolean(true);
    return this.number("logprobs", top);
  }

  format(value: Value): bool {
    if (!value.present) return true;
    const t = this.t;
    if (!format.readValue(value)) return t.refuseType("response_format", "an object");
    if (formatType.is("text")) return t.dropRest(format);
    const hasSchema = formatType.is("json_schema");
    if (!hasSchema && !formatType.is("json_object")) return t.refuseValue("response_format.type", formatType);
    if (hasSchema && (!schemaFormat.readValue(formatSchema) || !schema.isObject)) {
      return t.refuseType("response_format.json_schema.schema", "an object");
    }
    this.begin("responseMimeType");
    t.json.ascii("application/json");
    if (hasSchema) {
      this.begin("responseJsonSchema");
      schema.copyTo(t.json);
    }
    return t.dropRest(format) && (!hasSchema || t.dropRest(schemaFormat));
  }

  thinking(plan: Plan, effort: Value, thinking: Value): bool {
    const choice = ThinkingConfig.of(this.t, plan, effort, thinking);
    if (choice == null) return false;
    if (choice.isEmpty) return true;
    this.begin("thinkingConfig");
    choice.write(this.t.json);
    return true;
  }

  /** `["text"]` is what a model does anyway. Sound comes as 16-bit PCM alone. */
  modalities(value: Value, audio: Value): bool {
    if (!value.present) return true;
    const t = this.t;
    if (!items.begin(value)) return t.refuseType("modalities", "an array");
    let image = false;
    let sound = false;
    let text = false;
    while (items.next()) {
      if (items.value.is("text")) text = true;
      else if (items.value.is("image")) image = true;
      else if (items.value.is("audio")) sound = true;
      else return t.refuseValue("modalities", items.value);
    }
    if (!image && !sound) return true;
    this.begin("responseModalities");
    t.json.arrayBegin();
    // A model that speaks writes no text beside; chat's transcript then stays empty.
    if (text && !sound) t.json.ascii("TEXT");
    if (image) t.json.ascii("IMAGE");
    if (sound) t.json.ascii("AUDIO");
    t.json.arrayEnd();
    return !sound || this.speech(audio);
  }

  /** What the images of the conversation asked for, once they are written. */
  mediaResolution(): void {
    const resolution = requestedResolution();
    if (resolution.length == 0) return;
    this.begin("mediaResolution");
    this.t.json.ascii(resolution);
  }

  private speech(audio: Value): bool {
    const t = this.t;
    if (!audioFormat.readValue(audio)) return t.refuseType("audio", "an object");
    if (!audioType.is("pcm16")) return t.refuseValue("audio.format", audioType, "use pcm16.");
    if (!audioVoice.isString) return t.refuseType("audio.voice", "a string");
    this.begin("speechConfig");
    t.json.objectBegin();
    t.json.key("voiceConfig");
    t.json.objectBegin();
    t.json.key("prebuiltVoiceConfig");
    t.json.objectBegin();
    t.json.key("voiceName");
    audioVoice.copyTo(t.json);
    t.json.objectEnd();
    t.json.objectEnd();
    t.json.objectEnd();
    return t.dropRest(audioFormat);
  }

  private begin(name: string): void {
    if (!this.open) {
      this.open = true;
      this.t.json.key("generationConfig");
      this.t.json.objectBegin();
    }
    this.t.json.key(name);
  }
}
