// OpenAI embeddings client, Google's models on Vertex AI, which has `predict` where Gemini's API has batchEmbedContents.
// https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
//
//   {"instances":[{"content":…}],"parameters":{…}}  ─▶  {"predictions":[{"embeddings":{"values":[…],"statistics":{…}}}]}

import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { writePathSegment } from "../../bytes/percent";
import { ErrorCode } from "../../contract";
import { writeGeminiError } from "../gemini/chat-to-gemini-error";
import { Plan } from "../plan";
import { Fields, Items, Value } from "../translation/value";
import { dimensions, EmbeddingsTranslator, input, inputType, t, texts } from "./embeddings-translator";

const PUBLISHERS = "/publishers/";

const reply = new Fields();
const replyPredictions = reply.add("predictions");
const prediction = new Fields();
const predictionEmbeddings = prediction.add("embeddings");
const embeddings = new Fields();
const embeddingsValues = embeddings.add("values");
const embeddingsStatistics = embeddings.add("statistics");
const statistics = new Fields();
const statisticsTokens = statistics.add("token_count");
const predictions = new Items();

/** Vertex AI's base paths name whose models they are; AI Studio's do not. */
export function isVertex(plan: Plan): bool {
  const last = plan.basePathLength - PUBLISHERS.length;
  for (let i = 0; i <= last; i++) {
    if (equalsAscii(plan.basePathPointer + <usize>i, PUBLISHERS.length, PUBLISHERS)) return true;
  }
  return false;
}

export class EmbeddingsToVertex extends EmbeddingsTranslator {
  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/models/");
    writePathSegment(plan.modelPointer, plan.modelLength, out);
    out.writeAscii(":predict");
  }

  protected writeRequest(plan: Plan): bool {
    if (inputType.present && !t.drop("input_type")) return false;
    const json = t.json;
    json.objectBegin();
    json.key("instances");
    json.arrayBegin();
    if (input.isString) {
      writeOne(input);
    } else {
      texts.begin(input);
      while (texts.next()) writeOne(texts.value);
    }
    json.arrayEnd();
    if (dimensions.present) {
      json.key("parameters");
      json.objectBegin();
      json.key("outputDimensionality");
      dimensions.copyTo(json);
      json.objectEnd();
    }
    json.objectEnd();
    return true;
  }

  /** A wrong key comes with the status 400, as if the client's request were at fault. */
  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return writeGeminiError(status, body, length, out);
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    t.begin(out);
    if (!reply.read(body, length) || !predictions.begin(replyPredictions)) return ErrorCode.UPSTREAM_INVALID_REPLY;
    this.beginList();
    let tokens: i64 = 0;
    while (predictions.next()) {
      const isVector = prediction.readValue(predictions.value) && embeddings.readValue(predictionEmbeddings);
      if (!isVector || !this.writeVector(embeddingsValues)) return ErrorCode.UPSTREAM_INVALID_REPLY;
      if (statistics.readValue(embeddingsStatistics)) tokens += statisticsTokens.count;
    }
    this.endList(tokens);
    return t.end(ErrorCode.REPLY_TOO_LARGE);
  }
}

function writeOne(text: Value): void {
  t.json.objectBegin();
  t.json.key("content");
  text.copyTo(t.json);
  t.json.objectEnd();
}
