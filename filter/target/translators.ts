// The registry of translators: what answers a client's operation from a provider's dialect, and a pool of each. Chat is
// the hub: one translator brings the client's API to chat, one brings chat to the dialect, and a chain is both.
//
//   shape of the client's API ── front ─▶ chat ── back ─▶ dialect          none where both sides are the same

import { equalBytes } from "../bytes/compare";
import { Dialect, Operation } from "../contract";
import { hostsClaude, isGemini, isMessages, servesResponses } from "../operations";
import { ChatToHostedMessages } from "./anthropic/chat-to-hosted-messages";
import { ChatToMessages } from "./anthropic/chat-to-messages";
import { HostedMessages } from "./anthropic/hosted-messages";
import { HostedTokenCount } from "./anthropic/hosted-token-count";
import { ChatToBailian } from "./bailian/chat-to-bailian";
import { ChatToConverse } from "./bedrock/chat-to-converse";
import { Chained } from "./chained";
import { ChatToCohere } from "./cohere/chat-to-cohere";
import { ChatToCoze } from "./coze/chat-to-coze";
import { ChatToDify } from "./dify/chat-to-dify";
import { EmbeddingsToCohere } from "./embeddings/embeddings-to-cohere";
import { EmbeddingsToGemini } from "./embeddings/embeddings-to-gemini";
import { EmbeddingsToVertex, isVertex } from "./embeddings/embeddings-to-vertex";
import { ChatToGemini } from "./gemini/chat-to-gemini";
import { GeminiNames } from "./gemini/gemini-names";
import { GenerateContentToChat } from "./gemini/generate-content-to-chat";
import { ChatQuirks, hasChatQuirks } from "./openai/chat-quirks";
import { MessagesToChat } from "./openai/messages-to-chat";
import { NativeResponses } from "./openai/native-responses";
import { ResponsesToChat } from "./openai/responses-to-chat";
import { Plan } from "./plan";
import { Translator } from "./translator";

/** What a pool holds: one translator, or a chain of two under `front × PARTS + back`. */
enum Part {
  NONE,
  MESSAGES_TO_CHAT,
  CHAT_TO_MESSAGES,
  RESPONSES_TO_CHAT,
  NATIVE_RESPONSES,
  /** Chat to the chat of a provider that deviates from OpenAI's. */
  CHAT_QUIRKS,
  CHAT_TO_COHERE,
  CHAT_TO_CONVERSE,
  EMBEDDINGS_TO_GEMINI,
  EMBEDDINGS_TO_VERTEX,
  EMBEDDINGS_TO_COHERE,
  CHAT_TO_GEMINI,
  GENERATE_CONTENT_TO_CHAT,
  /** Gemini's own operations, with another name for the model. */
  GEMINI_NAMES,
  CHAT_TO_DIFY,
  CHAT_TO_COZE,
  CHAT_TO_BAILIAN,
  MESSAGES_TO_BEDROCK,
  MESSAGES_TO_VERTEX,
  COUNT_TOKENS_ON_BEDROCK,
  COUNT_TOKENS_ON_VERTEX,
  CHAT_TO_CLAUDE_ON_BEDROCK,
  CHAT_TO_CLAUDE_ON_VERTEX,
  /** How many there are. */
  COUNT,
}
const PARTS: i32 = Part.COUNT;

const pools: Translator[][] = [];
for (let i = 0; i < PARTS * PARTS; i++) pools.push([]);

/** Null when bytes pass as they are: client and provider speak the same. Give it back with `giveTranslator`. */
export function takeTranslator(plan: Plan): Translator | null {
  const operation = plan.operation;
  const dialect = plan.dialect;
  if (operation == Operation.MESSAGES && dialect == Dialect.ANTHROPIC) return null;
  if (isGemini(operation) && dialect == Dialect.GEMINI) return takeGemini(plan);
  if (hostsClaude(dialect) && isMessages(operation)) return takeHosted(plan);
  if (operation == Operation.EMBEDDINGS) return takeEmbeddings(plan);
  if (operation == Operation.RESPONSES && servesResponses(dialect, plan.quirks)) {
    return take(Part.NATIVE_RESPONSES * PARTS);
  }
  const front = frontOf(operation);
  if (front < 0) return null;
  const kind = front * PARTS + backOf(dialect, plan.quirks);
  return kind == 0 ? null : take(kind);
}

/** Anthropic's own operations, for Claude elsewhere. */
function takeHosted(plan: Plan): Translator {
  const onBedrock = plan.dialect == Dialect.ANTHROPIC_BEDROCK;
  if (plan.operation == Operation.MESSAGES) return take(onBedrock ? Part.MESSAGES_TO_BEDROCK : Part.MESSAGES_TO_VERTEX);
  return take(onBedrock ? Part.COUNT_TOKENS_ON_BEDROCK : Part.COUNT_TOKENS_ON_VERTEX);
}

/** Vectors are no conversation: there is no hub for them. */
function takeEmbeddings(plan: Plan): Translator | null {
  if (plan.dialect == Dialect.GEMINI)
    return take(isVertex(plan) ? Part.EMBEDDINGS_TO_VERTEX : Part.EMBEDDINGS_TO_GEMINI);
  return plan.dialect == Dialect.COHERE ? take(Part.EMBEDDINGS_TO_COHERE) : null;
}

/** Gemini's own operations pass; some of them name the model in the body as well. */
function takeGemini(plan: Plan): Translator | null {
  if (plan.operation == Operation.GENERATE_CONTENT) return null;
  return equalBytes(plan.modelPointer, plan.modelLength, plan.originalModelPointer, plan.originalModelLength)
    ? null
    : take(Part.GEMINI_NAMES);
}

export function giveTranslator(translator: Translator): void {
  unchecked(pools[translator.kind]).push(translator);
}

/** From the client's API to chat; -1 for operations that are not translated. */
function frontOf(operation: i32): i32 {
  switch (operation) {
    case Operation.CHAT:
      return Part.NONE;
    case Operation.MESSAGES:
      return Part.MESSAGES_TO_CHAT;
    case Operation.RESPONSES:
      return Part.RESPONSES_TO_CHAT;
    case Operation.GENERATE_CONTENT:
      return Part.GENERATE_CONTENT_TO_CHAT;
    default:
      return -1;
  }
}

/** From chat to the provider's dialect. */
function backOf(dialect: i32, quirks: u32): i32 {
  switch (dialect) {
    case Dialect.OPENAI:
    case Dialect.AZURE:
      return hasChatQuirks(quirks) ? Part.CHAT_QUIRKS : Part.NONE;
    case Dialect.ANTHROPIC:
      return Part.CHAT_TO_MESSAGES;
    case Dialect.GEMINI:
      return Part.CHAT_TO_GEMINI;
    case Dialect.COHERE:
      return Part.CHAT_TO_COHERE;
    case Dialect.BEDROCK:
      return Part.CHAT_TO_CONVERSE;
    case Dialect.DIFY:
      return Part.CHAT_TO_DIFY;
    case Dialect.COZE:
      return Part.CHAT_TO_COZE;
    case Dialect.BAILIAN:
      return Part.CHAT_TO_BAILIAN;
    case Dialect.ANTHROPIC_BEDROCK:
      return Part.CHAT_TO_CLAUDE_ON_BEDROCK;
    case Dialect.ANTHROPIC_VERTEX:
      return Part.CHAT_TO_CLAUDE_ON_VERTEX;
    default:
      return Part.NONE;
  }
}

function take(kind: i32): Translator {
  const pool = unchecked(pools[kind]);
  if (pool.length > 0) return pool.pop();
  const front = kind / PARTS;
  const back = kind % PARTS;
  const translator =
    front == Part.NONE ? create(back) : back == Part.NONE ? create(front) : new Chained(create(front), create(back));
  translator.kind = kind;
  return translator;
}

function create(part: i32): Translator {
  switch (part) {
    case Part.MESSAGES_TO_CHAT:
      return new MessagesToChat();
    case Part.RESPONSES_TO_CHAT:
      return new ResponsesToChat();
    case Part.CHAT_QUIRKS:
      return new ChatQuirks();
    case Part.CHAT_TO_COHERE:
      return new ChatToCohere();
    case Part.CHAT_TO_CONVERSE:
      return new ChatToConverse();
    case Part.MESSAGES_TO_BEDROCK:
      return new HostedMessages(true);
    case Part.MESSAGES_TO_VERTEX:
      return new HostedMessages(false);
    case Part.COUNT_TOKENS_ON_BEDROCK:
      return new HostedTokenCount(true);
    case Part.COUNT_TOKENS_ON_VERTEX:
      return new HostedTokenCount(false);
    case Part.CHAT_TO_CLAUDE_ON_BEDROCK:
      return new ChatToHostedMessages(true);
    case Part.CHAT_TO_CLAUDE_ON_VERTEX:
      return new ChatToHostedMessages(false);
    case Part.EMBEDDINGS_TO_GEMINI:
      return new EmbeddingsToGemini();
    case Part.EMBEDDINGS_TO_VERTEX:
      return new EmbeddingsToVertex();
    case Part.EMBEDDINGS_TO_COHERE:
      return new EmbeddingsToCohere();
    case Part.CHAT_TO_GEMINI:
      return new ChatToGemini();
    case Part.NATIVE_RESPONSES:
      return new NativeResponses();
    case Part.GENERATE_CONTENT_TO_CHAT:
      return new GenerateContentToChat();
    case Part.GEMINI_NAMES:
      return new GeminiNames();
    case Part.CHAT_TO_DIFY:
      return new ChatToDify();
    case Part.CHAT_TO_COZE:
      return new ChatToCoze();
    case Part.CHAT_TO_BAILIAN:
      return new ChatToBailian();
    default:
      return new ChatToMessages();
  }
}
