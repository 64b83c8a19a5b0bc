// OpenAI embeddings client, Cohere provider (v2 embed). https://docs.cohere.com/reference/embed
//
//   {"model":…,"input_type":…,"texts":[…],"embedding_types":["float"]}  ─▶  {"embeddings":{"float":[[…]]},"meta":{…}}

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { Fields, Items } from "../translation/value";
import { dimensions, EmbeddingsTranslator, input, inputType, t } from "./embeddings-translator";

const reply = new Fields();
const replyEmbeddings = reply.add("embeddings");
const replyMeta = reply.add("meta");
const embeddings = new Fields();
const embeddingsFloat = embeddings.add("float");
const meta = new Fields();
const metaUnits = meta.add("billed_units");
const units = new Fields();
const unitsInput = units.add("input_tokens");
const vectors = new Items();

export class EmbeddingsToCohere extends EmbeddingsTranslator {
  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/embed");
  }

  protected writeRequest(plan: Plan): bool {
    const json = t.json;
    json.objectBegin();
    json.key("model");
    json.rawString(plan.modelPointer, plan.modelLength);
    json.key("input_type");
    // OpenAI's API has no such member, Cohere requires it; most vectors are made to be found.
    if (inputType.isString) inputType.copyTo(json);
    else json.ascii("search_document");
    json.key("embedding_types");
    json.arrayBegin();
    json.ascii("float");
    json.arrayEnd();
    if (dimensions.present) {
      json.key("output_dimension");
      dimensions.copyTo(json);
    }
    json.key("texts");
    if (input.isArray) {
      input.copyTo(json);
    } else {
      json.arrayBegin();
      input.copyTo(json);
      json.arrayEnd();
    }
    json.objectEnd();
    return true;
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    t.begin(out);
    if (!reply.read(body, length) || !embeddings.readValue(replyEmbeddings) || !vectors.begin(embeddingsFloat)) {
      return ErrorCode.UPSTREAM_INVALID_REPLY;
    }
    this.beginList();
    while (vectors.next()) if (!this.writeVector(vectors.value)) return ErrorCode.UPSTREAM_INVALID_REPLY;
    const counted = meta.readValue(replyMeta) && units.readValue(metaUnits);
    this.endList(counted ? unitsInput.count : 0);
    return t.end(ErrorCode.REPLY_TOO_LARGE);
  }
}
