// What Gemini's embedContent and batchEmbedContents and Vertex AI's predict accept, from their public reference. Throws Refusal
// in Google's words. https://ai.google.dev/api/embeddings
// https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
import * as is from "./rules.mjs";
import { Refusal } from "./rules.mjs";

const TASKS = [
  "RETRIEVAL_QUERY",
  "RETRIEVAL_DOCUMENT",
  "SEMANTIC_SIMILARITY",
  "CLASSIFICATION",
  "CLUSTERING",
  "QUESTION_ANSWERING",
  "FACT_VERIFICATION",
  "CODE_RETRIEVAL_QUERY",
];
const isPart = (part) => is.isObject(part) && is.isText(part.text);
const isContent = (content) => is.isObject(content) && is.isListOf(isPart)(content.parts) && content.parts.length > 0;
const FIELDS = {
  model: [is.isText, "a string"],
  content: [isContent, "content with text"],
  taskType: [is.isOneOf(...TASKS), "a task type"],
  title: [is.isText, "a string"],
  outputDimensionality: [is.isCount(1), "a positive integer"],
};

const refuse = (message) => {
  throw new Refusal(400, message);
};

export function checkEmbed(body, path) {
  if (!is.isObject(body) || body.content === undefined) refuse(`* EmbedContentRequest.${path}content is not specified`);
  const unknown = is.unknownField(body, Object.keys(FIELDS));
  if (unknown) refuse(`Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`);
  is.checkFields(body, FIELDS, path, (name, wanted) => refuse(`Invalid value at '${name}': want ${wanted}`));
}

/** Each request names the model of the path again. */
export function checkBatchEmbed(body, model) {
  if (!is.isObject(body) || !is.isListOf(is.isObject)(body.requests) || Object.keys(body).length !== 1) {
    refuse("* BatchEmbedContentsRequest.requests: expected a list of requests and nothing else");
  }
  if (body.requests.some((one) => one.model !== `models/${model}`)) {
    refuse("* BatchEmbedContentsRequest.requests: model does not match the model in the batch request");
  }
}

const isInstance = (instance) =>
  is.isObject(instance) &&
  is.isText(instance.content) &&
  is.unknownField(instance, ["content", "task_type", "title"]) === undefined;

export function checkPredict(body) {
  if (!is.isObject(body) || !is.isListOf(isInstance)(body.instances) || body.instances.length === 0) {
    refuse("Invalid instances: content must be a string.");
  }
  const unknown = is.unknownField(body, ["instances", "parameters"]);
  if (unknown) refuse(`Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`);
  const { autoTruncate, outputDimensionality = 1, ...rest } = body.parameters ?? {};
  const isKnown = is.isOneOf(undefined, true, false)(autoTruncate) && Object.keys(rest).length === 0;
  if (!isKnown || !is.isCount(1)(outputDimensionality)) refuse("Invalid parameters.");
}
