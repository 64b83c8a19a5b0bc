// Turns of the user: results of functions become tool messages at once, what the user says waits until the last result is
// written. A result is text in chat: that of its `output` where this is all that there is, else the whole as JSON.
//
//   {"functionResponse":{"name":"f","response":{"output":"sunny"}}}  ─▶  {"role":"tool","content":"sunny","tool_call_id":…}

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { OpenCalls } from "./generate-content-to-chat-assistant";
import { Part, writeMedia, writeTextPart } from "./generate-content-to-chat-content";

const BYTES_MAX: i32 = i32.MAX_VALUE;

const response = new Fields("contents[].parts[].functionResponse.", true);
const id = response.add("id", Use.NATIVE);
const name = response.add("name", Use.MAPPED);
const result = response.add("response", Use.MAPPED);
const media = response.add("parts", Use.MAPPED);
response.add("willContinue", Use.DROPPED);
response.add("scheduling", Use.DROPPED);

// Members of the result that Gemini's documentation gives a meaning to.
const outcome = new Fields();
const output = outcome.add("output");
const failure = outcome.add("error");

const medium = new Fields("contents[].parts[].functionResponse.parts[].", true);
const mediumData = medium.add("inlineData", Use.MAPPED);
const mediumFile = medium.add("fileData", Use.MAPPED);

export const resultFields: Fields[] = [response, medium];

const items = new Items();

export class UserDraft {
  private inChain: bool = false;
  /** Messages behind the results. */
  private readonly messages: ByteWriter = new ByteWriter(BYTES_MAX);
  private readonly messagesJson: JsonWriter = new JsonWriter(this.messages);
  /** Parts of the message that is being gathered. */
  private readonly parts: ByteWriter = new ByteWriter(BYTES_MAX);
  private readonly partsJson: JsonWriter = new JsonWriter(this.parts);
  private count: i32 = 0;
  /** The text of the only part so far, as raw string content. */
  private text: usize = 0;
  private textLength: i32 = -1;

  constructor(private readonly calls: OpenCalls) {}

  reset(inChain: bool): void {
    this.inChain = inChain;
    this.messagesJson.reset(this.messages.reset());
    this.beginTurn();
  }

  take(t: Translation, part: Part): bool {
    if (part.call.present) return t.refuseField("functionCall", "send it in a turn of the model.");
    if (part.response.present) return this.writeResult(t, part.response);
    if (part.hasMedia) {
      this.count++;
      return part.writeMedia(t, this.partsJson, this.parts);
    }
    if (!part.text.present) return true;
    this.text = part.text.pointer;
    this.textLength = part.text.length;
    this.count++;
    writeTextPart(part.text, this.partsJson);
    return true;
  }

  endTurn(t: Translation): bool {
    if (this.parts.overflow || this.messages.overflow) return t.refuse(ErrorCode.OVERLOADED);
    if (this.count > 0) this.writeMessage();
    this.beginTurn();
    return true;
  }

  /** What was said since the last turn of the model. */
  flush(t: Translation): bool {
    if (this.messages.overflow) return t.refuse(ErrorCode.OVERLOADED);
    if (this.messages.length > 0) t.json.raw(this.messages.pointer, this.messages.length);
    this.messagesJson.reset(this.messages.reset());
    return true;
  }

  private beginTurn(): void {
    this.partsJson.reset(this.parts.reset());
    this.count = 0;
    this.textLength = -1;
  }

  private writeMessage(): void {
    const json = this.messagesJson;
    json.objectBegin();
    json.key("role");
    json.ascii("user");
    json.key("content");
    if (this.count == 1 && this.textLength >= 0) {
      json.rawString(this.text, this.textLength);
    } else {
      json.arrayBegin();
      json.raw(this.parts.pointer, this.parts.length);
      json.arrayEnd();
    }
    json.objectEnd();
  }

  private writeResult(t: Translation, value: Value): bool {
    if (!response.readValue(value)) return t.refuseType("functionResponse", "an object");
    if (!name.isText && !id.isText) return t.refuseType("functionResponse.name", "a string");
    const index = this.calls.answer(name, id);
    if (index < 0) return t.refuseField("functionResponse", "it answers no functionCall of the turn before.");
    const json = t.json;
    json.objectBegin();
    json.key("role");
    json.ascii("tool");
    json.key("content");
    if (media.present && !media.isEmpty && this.inChain) {
      json.arrayBegin();
      json.objectBegin();
      json.key("type");
      json.ascii("text");
      json.key("text");
      if (!this.writeOutcome(t)) return false;
      json.objectEnd();
      if (!this.writeMediaTo(t, json, t.out)) return false;
      json.arrayEnd();
    } else {
      if (!this.writeOutcome(t)) return false;
    }
    json.key("tool_call_id");
    this.calls.writeId(index, json, t.out);
    if (this.inChain && this.failed) {
      json.key("is_error");
      json.boolean(true);
    }
    json.objectEnd();
    // Chat's tool messages are text alone: elsewhere media go to the user's message.
    if (!this.inChain && !this.writeMediaTo(t, this.partsJson, this.parts)) return false;
    return t.dropRest(response);
  }

  private get failed(): bool {
    return failure.present && !output.present && outcome.unknownCount == 0;
  }

  private writeOutcome(t: Translation): bool {
    const json = t.json;
    outcome.readValue(result);
    if (!result.present) {
      json.ascii("");
    } else if (output.present && !failure.present && outcome.unknownCount == 0) {
      writeAsText(output, json);
    } else if (this.inChain && this.failed) {
      writeAsText(failure, json);
    } else if (result.isObject) {
      writeAsText(result, json);
    } else {
      return t.refuseType("functionResponse.response", "an object");
    }
    return true;
  }

  private writeMediaTo(t: Translation, json: JsonWriter, out: ByteWriter): bool {
    if (!items.begin(media)) return !media.present || t.refuseType("functionResponse.parts", "an array");
    while (items.next()) {
      if (!medium.readValue(items.value)) return t.refuseType("functionResponse.parts", "an array of objects");
      if (!mediumData.present && !mediumFile.present)
        return t.refuseField("functionResponse.parts", "send inlineData.");
      if (!writeMedia(t, mediumData, mediumFile, json, out)) return false;
      if (json == this.partsJson) this.count++;
    }
    return true;
  }
}

/** A text as it is, everything else as JSON. */
function writeAsText(value: Value, json: JsonWriter): void {
  if (value.isString) value.copyTo(json);
  else json.string(value.pointer, value.length);
}
