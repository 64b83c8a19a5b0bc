// What a demo provider says: always the same for the same question. It holds no wire format; the dialects put these
// words into theirs.

const CHINESE = /\p{Script=Han}/u;
/** A token of this fake: a word with its leading space, or up to two Chinese characters, or one other mark. */
const TOKEN = /\p{Script=Han}{1,2}|\s*[\p{L}\p{M}\p{N}_'-]+|\s*[^\p{L}\p{M}\p{N}\s]|\s+/gu;
const ARGUMENT_CHARACTERS = 40;

export const tokensOf = (text) => text.match(TOKEN) ?? [];

/** Every provider counts in its own way; a count only has to be stable and to grow with the text. */
export const countTokens = (text) => Math.max(1, tokensOf(text).length);

/** Of numbers that 32 bits hold exactly. */
export const vectorOf = (text) => [0.25, -0.5, countTokens(text)];

function replyText(model, question) {
  if (question === "") return `This is ${model}, a demo provider. You sent no text.`;
  if (CHINESE.test(question)) return `我是演示模型 ${model}。您说的是：“${question}”。没有真正的模型在回答您。`;
  return `This is ${model}, a demo provider. You said: "${question}"`;
}

/** A value that fits a JSON schema as far as types and enumerations go. */
export function sampleOf(schema, text) {
  if (typeof schema !== "object" || schema === null) return text;
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "integer":
      return 1;
    case "number":
      return 1.5;
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return [sampleOf(schema.items ?? {}, text)];
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, sampleOf(inner, text)]),
      );
    default:
      return text;
  }
}

/** Cuts at the first stop sequence and at the output cap, in that order, as providers do. */
function bound(tokens, { stop, maxTokens }) {
  const whole = tokens.join("");
  const hits = stop.map((sequence) => ({ sequence, at: whole.indexOf(sequence) })).filter(({ at }) => at >= 0);
  const first = hits.sort((a, b) => a.at - b.at)[0];
  const kept = first ? tokensOf(whole.slice(0, first.at)) : tokens;
  if (kept.length > maxTokens) return { tokens: kept.slice(0, maxTokens), end: "length" };
  return { tokens: kept, end: first ? "stop-sequence" : "stop", stopSequence: first?.sequence };
}

/**
 * @param {{ model: string, question: string, stop: string[], maxTokens: number, schema?: object,
 *   tools: { name: string, schema: object }[] }} request  `tools` are those to be called now, in order
 * @returns text as tokens, tool calls, and why it ended: stop, stop-sequence, length, tools
 */
export function replyTo({ model, question, stop, maxTokens, schema, tools }) {
  if (tools.length > 0) {
    const text = [...question].slice(0, ARGUMENT_CHARACTERS).join("");
    const calls = tools.map((tool) => ({ name: tool.name, arguments: JSON.stringify(sampleOf(tool.schema, text)) }));
    return { tokens: [], calls, end: "tools" };
  }
  const text = schema ? JSON.stringify(sampleOf(schema, question)) : replyText(model, question);
  return { ...bound(tokensOf(text), { stop, maxTokens }), calls: [] };
}

export const outputTokens = ({ tokens, calls }) =>
  tokens.length + calls.reduce((sum, call) => sum + countTokens(call.arguments) + countTokens(call.name), 0);

/** Pieces of a few characters, so that a reader of streamed arguments has something to join. */
export const piecesOf = (text) => text.match(/.{1,9}/gsu) ?? [];
