// POST /v1/embeddings of the OpenAI dialect: a short vector a text, as numbers or, as OpenAI's own SDKs ask for them, in
// base64. https://platform.openai.com/docs/api-reference/embeddings
import { countTokens, vectorOf } from "./replies.mjs";
import * as is from "./rules.mjs";

const FIELDS = {
  model: [is.isText, "a string"],
  input: [(input) => is.isText(input) || is.isListOf(is.isText)(input), "a string or an array of strings"],
  encoding_format: [is.isOneOf("float", "base64"), "float or base64"],
  dimensions: [is.isCount(1), "a positive integer"],
  user: [is.isText, "a string"],
};

const base64Of = (vector) => Buffer.from(new Float32Array(vector).buffer).toString("base64");

/** `refuse(param, message)` throws in the words of the provider. */
export function answerEmbeddings(body, refuse) {
  if (!is.isObject(body)) refuse(null, "We could not parse the JSON body of your request.");
  is.checkFields(body, FIELDS, "", (param, wanted) =>
    refuse(param, `Invalid type for '${param}': expected ${wanted}.`),
  );
  const texts = [body.input ?? []].flat();
  if (texts.length === 0 || texts.includes("")) refuse("input", "'$.input' is invalid.");
  const encode = body.encoding_format === "base64" ? base64Of : (vector) => vector;
  const tokens = texts.reduce((sum, text) => sum + countTokens(text), 0);
  return {
    status: 200,
    json: {
      object: "list",
      model: body.model,
      data: texts.map((text, index) => ({ object: "embedding", index, embedding: encode(vectorOf(text)) })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    },
  };
}
