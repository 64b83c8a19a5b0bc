// OpenAI embeddings client, Gemini provider (batchEmbedContents). https://ai.google.dev/api/embeddings
//
//   {"requests":[{"model":"models/…","content":{"parts":[{"text":…}]}}]}  ─▶  {"embeddings":[{"values":[…]}]}

import { ByteWriter } from "../../bytes/byte-writer";
import { writePathSegment } from "../../bytes/percent";
import { ErrorCode } from "../../contract";
import { writeGeminiError } from "../gemini/chat-to-gemini-error";
import { Plan } from "../plan";
import { Fields, Items, Value } from "../translation/value";
import { dimensions, EmbeddingsTranslator, input, inputType, t, texts } from "./embeddings-translator";

const reply = new Fields();
const replyEmbeddings = reply.add("embeddings");
const replyUsage = reply.add("usageMetadata");
const embedding = new Fields();
const embeddingValues = embedding.add("values");
const usage = new Fields();
const usagePrompt = usage.add("promptTokenCount");
const vectors = new Items();

export class EmbeddingsToGemini extends EmbeddingsTranslator {
  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/models/");
    writePathSegment(plan.modelPointer, plan.modelLength, out);
    out.writeAscii(":batchEmbedContents");
  }

  protected writeRequest(plan: Plan): bool {
    if (inputType.present && !t.drop("input_type")) return false;
    t.json.objectBegin();
    t.json.key("requests");
    t.json.arrayBegin();
    if (input.isString) {
      writeOne(plan, input);
    } else {
      texts.begin(input);
      while (texts.next()) writeOne(plan, texts.value);
    }
    t.json.arrayEnd();
    t.json.objectEnd();
    return true;
  }

  /** A wrong key comes with the status 400, as if the client's request were at fault. */
  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return writeGeminiError(status, body, length, out);
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    t.begin(out);
    if (!reply.read(body, length) || !vectors.begin(replyEmbeddings)) return ErrorCode.UPSTREAM_INVALID_REPLY;
    this.beginList();
    while (vectors.next()) {
      if (!embedding.readValue(vectors.value) || !this.writeVector(embeddingValues)) {
        return ErrorCode.UPSTREAM_INVALID_REPLY;
      }
    }
    this.endList(usage.readValue(replyUsage) ? usagePrompt.count : 0);
    return t.end(ErrorCode.REPLY_TOO_LARGE);
  }
}

function writeOne(plan: Plan, text: Value): void {
  const json = t.json;
  json.objectBegin();
  json.key("model");
  json.stringBegin();
  t.out.writeAscii("models/");
  t.out.writeBytes(plan.modelPointer, plan.modelLength);
  json.stringEnd();
  json.key("content");
  json.objectBegin();
  json.key("parts");
  json.arrayBegin();
  json.objectBegin();
  json.key("text");
  text.copyTo(json);
  json.objectEnd();
  json.arrayEnd();
  json.objectEnd();
  if (dimensions.present) {
    json.key("outputDimensionality");
    dimensions.copyTo(json);
  }
  json.objectEnd();
}
