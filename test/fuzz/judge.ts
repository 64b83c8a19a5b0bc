// What every answer of the gateway has to be, whatever the client and the provider sent. It knows no single case.
import { FILTER_ERRORS } from "../../control-plane/contract.ts";
import type { Answer, FuzzRequest } from "./client.ts";
import type { Dialect } from "./documents.ts";
import type { Sent } from "./provider.ts";

/** These keep the status of what they tell of. */
const KEEP_STATUS = ["upstream_error", "bad_request"];

/** `sent`: what the last provider of the request sent, and in which dialect. Answers what is wrong, or undefined. */
export function defectOf(request: FuzzRequest, answer: Answer, sent: (Sent & { dialect: Dialect }) | undefined) {
  if (!answer.complete) return incompleteDefect(answer, sent);
  const leaked = Object.keys(answer.headers).find((name) =>
    /^(set-cookie|x-ratelimit-|x-envoy-|x-sluice-retry|x-trailer|x-long)/.test(name),
  );
  if (leaked !== undefined) return `header ${leaked} came down`;
  if (request.method === "HEAD" || answer.status === 204) return undefined;
  const type = answer.headers["content-type"] ?? "";
  if (answer.headers["x-sluice-error"] !== undefined || answer.status >= 400) {
    return errorDefect(request, answer, sent);
  }
  if (sent === undefined)
    return answer.status === 200 ? jsonDefect(answer.body) : `status ${answer.status} from nobody`;
  if (sent.dialect === protocolOf(request)) {
    if (sent.body === undefined) return undefined;
    const defect = identityDefect(answer.body, sent.body, sent.broken);
    // The usage of a stream, which its client did not ask for.
    return defect && identityDefect(answer.body, withoutUsageChunks(sent.body), sent.broken);
  }
  if (answer.status < 200 || answer.status > 299) return `status ${answer.status} of a translated reply`;
  return type.startsWith("text/event-stream") ? streamDefect(request, answer.body) : replyDefect(request, answer.body);
}

function incompleteDefect({ status, error }: Answer, sent: Sent | undefined): string | undefined {
  if (status === 0) return `no answer: ${error}`;
  return sent?.broken === true
    ? undefined
    : `answer of status ${status} was cut (${error}), and the provider's was not`;
}

/** A path, as Envoy normalises it, belongs to one dialect; of what both have, only Anthropic's clients send their version. */
function protocolOf(request: FuzzRequest): Dialect {
  const path = request.path.replace("/v1/../", "/").replace(/^\/+/, "/");
  if (path.startsWith("/v1/messages")) return "anthropic";
  if (/^\/v1\/chat\/completions(\?|$)/.test(path)) return "openai";
  return request.headers["anthropic-version"] !== undefined ? "anthropic" : "openai";
}

function parse(text: Buffer | string): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}

function jsonDefect(body: Buffer): string | undefined {
  return parse(body) === undefined ? "the answer is no JSON" : undefined;
}

function errorDefect(request: FuzzRequest, { status, headers, body }: Answer, sent: Sent | undefined) {
  // No further attempt after an interim reply, and nothing to put an error into: its status has to do.
  if (body.length === 0 && sent?.interim === true && status >= 400) return undefined;
  // An error that is compressed although nobody asked for it passes as it is.
  if (headers["content-encoding"] !== undefined && headers["x-sluice-error"] === undefined) return undefined;
  const shape = errorShapeDefect(parse(body), protocolOf(request));
  if (shape !== undefined) return `${shape}: ${body.toString().slice(0, 200)}`;
  const code = headers["x-sluice-error"];
  if (code === undefined) return undefined;
  const row = FILTER_ERRORS.find((error) => error.code === code);
  if (row === undefined) return `unknown code ${code}`;
  if (!KEEP_STATUS.includes(row.code) && row.status !== status) return `${code} with status ${status}`;
  const inBody = (parse(body) as { error: { code?: unknown } }).error.code;
  const isShared = !/^\/v1\/(chat\/completions|messages)(\?|$)/.test(request.path);
  const isGemini = isShared && sendsGoogleKey(request);
  return inBody === code || (isGemini && inBody === status)
    ? undefined
    : `${code} in the header, ${inBody} in the body`;
}

/** Lists of models are of every API, and an unknown path is of none: this is what tells Gemini's clients. */
function sendsGoogleKey({ headers, path }: FuzzRequest): boolean {
  return headers["x-goog-api-key"] !== undefined || /[?&]key=/.test(path);
}

function errorShapeDefect(answer: unknown, protocol: Dialect): string | undefined {
  const { type, error } = (answer ?? {}) as { type?: unknown; error?: unknown };
  if (typeof error !== "object" || error === null) return "an error without an error object";
  return protocol === "anthropic" && type !== "error" ? "an Anthropic error without its type" : undefined;
}

/** A reply of the client's own dialect comes down byte for byte; behind a stream that was cut there is an error event. */
function identityDefect(body: Buffer, sent: Buffer, broken: boolean): string | undefined {
  if (body.equals(sent)) return undefined;
  const cut = broken ? commonLength(body, sent) : sent.length;
  if (!body.subarray(0, cut).equals(sent.subarray(0, cut))) return "a reply of the same dialect was changed";
  const rest = body.subarray(cut).toString();
  if (rest === "" && broken) return undefined;
  const event = /^\n\n(?:event: error\n)?data: (\{.*\})\n\n$/.exec(rest);
  if (event === null || parse(event[1] as string) === undefined)
    return `odd end of a passed reply: ${rest.slice(0, 200)}`;
  return undefined;
}

/** What ends a line, twice. */
const EVENT_END = /(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n)/;

function withoutUsageChunks(stream: Buffer): Buffer {
  const kept: string[] = [];
  // One byte a character: it comes back as it was.
  for (let rest = stream.toString("latin1"); rest !== ""; ) {
    const end = EVENT_END.exec(rest);
    const event = end === null ? rest : rest.slice(0, end.index + end[0].length);
    if (!isUsageChunk(event)) kept.push(event);
    rest = rest.slice(event.length);
  }
  return Buffer.from(kept.join(""), "latin1");
}

function isUsageChunk(event: string): boolean {
  const data = event.split(/\r\n|\r|\n/).flatMap((line) => /^data: ?(.*)$/.exec(line)?.[1] ?? []);
  const chunk = parse(data.join("\n")) as { choices?: unknown; usage?: unknown } | undefined | null;
  const { choices, usage } = chunk ?? {};
  return Array.isArray(choices) && choices.length === 0 && typeof usage === "object" && usage !== null;
}

function commonLength(a: Buffer, b: Buffer): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

function replyDefect(request: FuzzRequest, body: Buffer): string | undefined {
  const reply = parse(body) as { object?: unknown; type?: unknown; choices?: unknown; content?: unknown } | undefined;
  if (reply === undefined) return `a translated reply is no JSON: ${body.toString().slice(0, 200)}`;
  if (!isWellFormed(body)) return "a translated reply is no UTF-8";
  const fits =
    protocolOf(request) === "openai"
      ? reply.object === "chat.completion" && Array.isArray(reply.choices)
      : reply.type === "message" && Array.isArray(reply.content);
  return fits ? undefined : `a translated reply has the wrong shape: ${body.toString().slice(0, 200)}`;
}

function streamDefect(request: FuzzRequest, body: Buffer): string | undefined {
  if (!isWellFormed(body)) return "a translated stream is no UTF-8";
  const text = body.toString();
  const blocks = text.split("\n\n").filter((block) => block !== "");
  for (const block of blocks) {
    const data = /^(?:event: [a-z_]+\n)?data: ([^\r\n]*)$/.exec(block)?.[1];
    if (data === undefined) return `a translated stream has an odd event: ${block.slice(0, 200)}`;
    if (data !== "[DONE]" && parse(data) === undefined) return `an event is no JSON: ${data.slice(0, 200)}`;
  }
  const last = blocks.at(-1) ?? "";
  const terminal = protocolOf(request) === "openai" ? /^data: (\[DONE\]|\{"error")/ : /^event: (message_stop|error)\n/;
  return terminal.test(last) ? undefined : `a translated stream ends with ${last.slice(0, 200)}`;
}

function isWellFormed(body: Buffer): boolean {
  return Buffer.from(body.toString()).equals(body);
}
