// The operations that a client can call and their paths, for both roots: a provider of the same dialect has the same path
// behind its base path. What is not in this table is refused, so that nothing passes unseen.

import { Dialect, Operation, Protocol, Quirk } from "./contract";
import { Literal, utf8 } from "./sdk";

/** Paths behind `/v1`, by operation. */
const PATHS: StaticArray<Literal> = [
  utf8(""),
  utf8("/chat/completions"),
  utf8("/messages"),
  utf8("/models"),
  utf8("/models/"),
  utf8("/completions"),
  utf8("/embeddings"),
  utf8("/moderations"),
  utf8("/images/generations"),
  utf8("/audio/speech"),
  utf8("/rerank"),
  utf8("/messages/count_tokens"),
  utf8("/responses"),
  utf8("/audio/transcriptions"),
  utf8("/audio/translations"),
  // Gemini's, and one that is not known, have their paths elsewhere.
  utf8(""),
  utf8(""),
  utf8(""),
  utf8(""),
  utf8(""),
  utf8("/images/edits"),
  utf8("/images/variations"),
];

/** A number that is no operation, as a plan of another version of the filter may hold, has the base path alone. */
export function pathOf(operation: i32): Literal {
  return unchecked(PATHS[<u32>operation < <u32>PATHS.length ? operation : Operation.UNKNOWN]);
}

/** The operation whose path this is, without `/v1`; `UNKNOWN` for none. Models by name are the caller's matter. */
export function operationAt(path: usize, length: i32): Operation {
  // Most requests by far are the first two.
  for (let i: i32 = Operation.CHAT; i < PATHS.length; i++) {
    if (i != Operation.MODELS_GET && pathOf(i).equals(path, length)) return i;
  }
  return Operation.UNKNOWN;
}

/** Whether it is an operation of the Gemini API, whose path names the model. */
export function isGemini(operation: i32): bool {
  switch (operation) {
    case Operation.GENERATE_CONTENT:
    case Operation.GEMINI_COUNT_TOKENS:
    case Operation.GEMINI_EMBED:
    case Operation.GEMINI_BATCH_EMBED:
      return true;
    default:
      return false;
  }
}

/** Whether its body is a multipart form with a file in it. */
export function takesForm(operation: i32): bool {
  switch (operation) {
    case Operation.TRANSCRIPTION:
    case Operation.AUDIO_TRANSLATION:
    case Operation.IMAGES_EDIT:
    case Operation.IMAGES_VARIATION:
      return true;
    default:
      return false;
  }
}

/** Whether it is an operation of Anthropic's API. */
export function isMessages(operation: i32): bool {
  return operation == Operation.MESSAGES || operation == Operation.COUNT_TOKENS;
}

/** Whether it is Claude, and not Anthropic. */
export function hostsClaude(dialect: i32): bool {
  return dialect == Dialect.ANTHROPIC_BEDROCK || dialect == Dialect.ANTHROPIC_VERTEX;
}

/**
 * Conversations are translated, vectors for some; everything else needs a provider that speaks the client's protocol.
 * Rerank requests have Cohere's shape wherever they go.
 */
export function canServe(dialect: i32, operation: i32, protocol: i32): bool {
  switch (operation) {
    case Operation.CHAT:
    case Operation.MESSAGES:
    case Operation.RESPONSES:
    case Operation.GENERATE_CONTENT:
      return true;
    case Operation.COUNT_TOKENS:
      return hostsClaude(dialect) || speaks(dialect, protocol);
    case Operation.MODERATIONS:
      // Azure has no deployments for these two.
      return dialect != Dialect.AZURE && speaks(dialect, protocol);
    case Operation.RERANK:
      return dialect == Dialect.COHERE || (dialect != Dialect.AZURE && speaks(dialect, protocol));
    case Operation.EMBEDDINGS:
      return dialect == Dialect.GEMINI || dialect == Dialect.COHERE || speaks(dialect, protocol);
    default:
      return speaks(dialect, protocol);
  }
}

/** Whether a target of these serves the Responses API itself, and may keep what it answered. */
export function servesResponses(dialect: i32, quirks: u32): bool {
  return (quirks & Quirk.RESPONSES) != 0 && (dialect == Dialect.OPENAI || dialect == Dialect.AZURE);
}

/** Whether bodies of this protocol pass to the dialect as they are. */
export function speaks(dialect: i32, protocol: i32): bool {
  switch (protocol) {
    case Protocol.ANTHROPIC:
      return dialect == Dialect.ANTHROPIC;
    case Protocol.GEMINI:
      return dialect == Dialect.GEMINI;
    default:
      return dialect == Dialect.OPENAI || dialect == Dialect.AZURE;
  }
}

/** Operations that models are asked by, and that therefore cost tokens whether or not the provider tells how many. */
export function metersTokens(operation: i32): bool {
  switch (operation) {
    case Operation.CHAT:
    case Operation.MESSAGES:
    case Operation.RESPONSES:
    case Operation.COMPLETIONS:
    case Operation.GENERATE_CONTENT:
    case Operation.EMBEDDINGS:
    case Operation.GEMINI_EMBED:
    case Operation.GEMINI_BATCH_EMBED:
      return true;
    default:
      return false;
  }
}
