// Finds what an attempt used in the provider's own JSON, whichever API it speaks: in a whole reply, or in those events of a
// stream that tell it. Only members at their documented place count: what a model writes cannot pose as its bill.
//
//   OpenAI       usage            {"usage":{…}}, of Responses {"response":{"usage":{…}}}
//   Anthropic    usage            {"type":"message_start","message":{"usage":{…}}}, {"type":"message_delta","usage":{…}}
//   Gemini       usageMetadata    every chunk, the last one counts
//   Cohere       usage            {"type":"message-end","delta":{"usage":{…}}}

import { ByteWriter } from "../bytes/byte-writer";
import { Dialect } from "../contract";
import { JsonError } from "../json/token";
import { MessagesUsage } from "../target/anthropic/messages-usage";
import { readUsage as readConverse } from "../target/bedrock/converse-usage";
import { readUsage as readCohere } from "../target/cohere/cohere-usage";
import { readUsage as readGemini } from "../target/gemini/gemini-usage";
import { Fields, Items, Value } from "../target/translation/value";
import { mentionsUsage } from "./mentions-usage";
import { readOpenAiUsage } from "./openai-usage";
import { TokenUsage } from "./token-usage";

const top = new Fields();
const usage = top.add("usage");
const usageMetadata = top.add("usageMetadata");
const message = top.add("message");
const response = top.add("response");
const delta = top.add("delta");
const metadata = top.add("metadata");
const meta = top.add("meta");
const predictions = top.add("predictions");
const model = top.add("model");
const modelVersion = top.add("modelVersion");
const error = top.add("error");

const inner = new Fields();
const innerModel = inner.add("model");
const innerUsage = inner.add("usage");
const tokens = inner.add("tokens");
const billedUnits = inner.add("billed_units");

// Coze
const counts = new Fields();
const inputCount = counts.add("input_count");
const outputCount = counts.add("output_count");

// Bailian
const models = new Fields();
const modelList = models.add("models");
const perModel = new Fields();
const inputTokens = perModel.add("input_tokens");
const outputTokens = perModel.add("output_tokens");

// Vertex AI's embeddings
const prediction = new Fields();
const embeddings = prediction.add("embeddings");
const embedding = new Fields();
const statistics = embedding.add("statistics");
const statistic = new Fields();
const tokenCount = statistic.add("token_count");

const items = new Items();

const MODEL_BYTES_MAX: i32 = 256;
const MEMBER_BYTES_MAX: i32 = 32 * 1024;
const member = new ByteWriter(MEMBER_BYTES_MAX);

/** Reads a whole reply, or an event; `UsageReader.take` and `topHasError` are about what was read last. */
export function readTop(body: usize, length: i32): JsonError {
  if (top.read(body, length)) return JsonError.NONE;
  return top.error == JsonError.NONE ? JsonError.NOT_OBJECT : top.error;
}

/** Whether it has an object `error`. */
export function topHasError(): bool {
  return error.isObject;
}

export class UsageReader {
  /** Whether the provider has said what was used; then `usage` is it, as far as it came. */
  told: bool = false;
  readonly usage: TokenUsage = new TokenUsage();
  /** The model that the provider says it asked, as raw JSON string content; empty while it has not said it. */
  readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private readonly messages: MessagesUsage = new MessagesUsage();
  private dialect: i32 = 0;

  begin(dialect: i32): void {
    this.dialect = dialect;
    this.told = false;
    this.usage.reset();
    this.messages.reset();
    this.model.reset();
  }

  /** Name of the member of a whole reply that `readMember` wants. */
  get memberName(): string {
    return this.dialect == Dialect.GEMINI ? "usageMetadata" : "usage";
  }

  /** The value of that member alone: of replies too long to be held. */
  readMember(value: usize, length: i32): void {
    member.reset().writeAscii('{"');
    member.writeAscii(this.memberName);
    member.writeAscii('":');
    member.writeBytes(value, length);
    member.writeAscii("}");
    if (!member.overflow) this.readReply(member.pointer, member.length);
  }

  /** The data of one event of a stream. Most tell nothing, and are not parsed. */
  readEvent(data: usize, length: i32): void {
    if (mentionsUsage(data, length)) this.readReply(data, length);
  }

  /** A whole reply, or an event. */
  readReply(body: usize, length: i32): void {
    if (readTop(body, length) == JsonError.NONE) this.take();
  }

  /** What `readTop` has read. */
  take(): void {
    if (this.find()) this.told = true;
    if (this.model.length > 0) return;
    const named = model.isString ? model : modelVersion.isString ? modelVersion : innerModelOf();
    if (named.isString && named.length <= MODEL_BYTES_MAX) this.model.writeBytes(named.pointer, named.length);
  }

  private find(): bool {
    switch (this.dialect) {
      case Dialect.ANTHROPIC:
      case Dialect.ANTHROPIC_BEDROCK:
      case Dialect.ANTHROPIC_VERTEX:
        return this.findMessages();
      case Dialect.GEMINI:
        return this.findGemini();
      case Dialect.BEDROCK:
        if (!usage.isObject) return false;
        readConverse(usage, this.usage);
        return true;
      case Dialect.COHERE:
        return this.findCohere();
      case Dialect.DIFY:
        inner.readValue(metadata);
        return readOpenAiUsage(innerUsage, this.usage);
      case Dialect.COZE:
        if (!counts.readValue(usage)) return false;
        this.add(inputCount.count, outputCount.count, false);
        return true;
      case Dialect.BAILIAN:
        return this.findBailian();
      default:
        if (!usage.isObject && inner.readValue(response)) return readOpenAiUsage(innerUsage, this.usage);
        return readOpenAiUsage(usage, this.usage);
    }
  }

  private findMessages(): bool {
    const value = !usage.isObject && inner.readValue(message) ? innerUsage : usage;
    if (!value.isObject) return this.told;
    this.messages.read(value);
    this.usage.copy(this.messages);
    return true;
  }

  private findGemini(): bool {
    if (usageMetadata.isObject) {
      readGemini(usageMetadata, this.usage);
      return true;
    }
    if (!items.begin(predictions)) return this.told;
    this.usage.reset();
    while (items.next()) {
      prediction.readValue(items.value);
      embedding.readValue(embeddings);
      if (statistic.readValue(statistics)) this.usage.input += tokenCount.count;
    }
    return true;
  }

  /** Rerankers bill in units of their own, which are no tokens. */
  private findCohere(): bool {
    if (usage.isObject) {
      readCohere(usage, this.usage);
      return true;
    }
    if (inner.readValue(delta) && innerUsage.isObject) {
      readCohere(innerUsage, this.usage);
      return true;
    }
    if (!inner.readValue(meta)) return this.told;
    const value = tokens.isObject ? tokens : billedUnits;
    if (!perModel.readValue(value)) return this.told;
    this.add(inputTokens.count, outputTokens.count, false);
    return true;
  }

  /** Counts of each model that the application asked; later events repeat and raise them. */
  private findBailian(): bool {
    if (!models.readValue(usage) || !items.begin(modelList)) return this.told;
    let read: i64 = 0;
    let written: i64 = 0;
    while (items.next()) {
      perModel.readValue(items.value);
      read += inputTokens.count;
      written += outputTokens.count;
    }
    this.add(read, written, true);
    return true;
  }

  private add(read: i64, written: i64, grows: bool): void {
    this.usage.input = grows ? max(this.usage.input, read) : read;
    this.usage.output = grows ? max(this.usage.output, written) : written;
  }
}

/** Messages and Responses say it within the first event's object. */
function innerModelOf(): Value {
  inner.readValue(message.isObject ? message : response);
  return innerModel;
}
