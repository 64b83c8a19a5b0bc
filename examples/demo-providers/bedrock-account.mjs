// What Bedrock asks and tells of an account, whichever operation is called: its credential, and the models that it may use.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
import { checkSignature } from "./aws-signature.mjs";
import { Refusal } from "./rules.mjs";

const LIST = "/foundation-models";

/** A Bedrock API key as a bearer token or, of a provider with the option `aws`, a signature and nothing else. */
export function checkCredential(request, { aws, apiKey }) {
  if (aws !== undefined) return checkSignature({ ...request, body: Buffer.from(request.body) }, aws);
  const sent = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
  if (sent === undefined || (apiKey !== undefined && sent !== apiKey)) {
    throw new Refusal(403, "Authentication failed: Please make sure your API Key is valid.");
  }
}

/** The reply to a request for the list of models; undefined for any other. AWS gives it at another host than the runtime. */
export function listModels({ method, path }, models) {
  if (path !== LIST) return undefined;
  if (method !== "GET") throw new Refusal(405, "Method Not Allowed");
  const modelSummaries = models.map((modelId) => ({ modelId, modelName: modelId, providerName: "Demo" }));
  return { status: 200, json: { modelSummaries } };
}

/** AWS names the exception in a header, with the namespace of its framework behind it. */
export function refusalReply({ status, message, detail: { code } }) {
  const type = code && { "x-amzn-errortype": `${code}:http://internal.amazon.com/coral/com.amazon.coral.service/` };
  return { status, json: { message }, headers: type ?? {} };
}

/** What is asked of which model, as the path says. */
export function operationOf({ method, path }, models, operations) {
  const [, segment, operation] = /^\/model\/([^/]+)\/([a-z-]+)$/.exec(path) ?? [];
  if (!operations.includes(operation)) throw new Refusal(404, "UnknownOperationException");
  if (method !== "POST") throw new Refusal(405, "Method Not Allowed");
  const model = decodeURIComponent(segment);
  if (!models.includes(model)) throw new Refusal(400, "The provided model identifier is invalid.");
  return { model, operation };
}
