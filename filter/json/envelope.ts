// Reads what the gateway decides by from a request body, in one pass that also proves the whole body to be JSON: where
// the model is, whether a stream is wanted. It refuses a body that two readers could understand differently: any member
// of the top level that is there twice (keys are compared unescaped), and a doubled `include_usage`. It keeps offsets and
// copies nothing; what the values mean is for the steps.
//
//   {"model":"gpt-4o","stream":true,"messages":[…]}        modelStart ↔ modelEnd: quotes included
//            └──────┘

import { ByteWriter } from "../bytes/byte-writer";
import { equalsAscii } from "../bytes/compare";
import { UsageAsk } from "../contract";
import { JsonReader } from "./reader";
import { parseInteger, unescapeTo } from "./text";
import { JsonError, JsonToken } from "./token";

/** Members of the top level that are told apart; the APIs define some forty. */
const KEYS_MAX: i32 = 256;
/** No cap of the output is given. */
export const UNCAPPED: i64 = -1;
/** Longest key that is compared unescaped, if it has escapes. */
const ESCAPED_KEY_BYTES_MAX: i32 = 1024;

export class Envelope {
  error: JsonError = JsonError.NONE;
  /** Where in the body the error is. */
  errorOffset: i32 = 0;
  /** There is a member "model". */
  hasModel: bool = false;
  modelIsString: bool = false;
  /** Offsets of the model's value, quotes included. */
  modelStart: i32 = 0;
  modelEnd: i32 = 0;
  modelHasEscapes: bool = false;
  /** Kind of the value of "stream" and "messages"; NONE when absent. */
  streamKind: JsonToken = JsonToken.NONE;
  messagesKind: JsonToken = JsonToken.NONE;
  /** Kind of the value of "previous_response_id", and its offsets, of a string without the quotes. */
  previousResponseKind: JsonToken = JsonToken.NONE;
  previousResponseStart: i32 = 0;
  previousResponseEnd: i32 = 0;
  /** `stream_options.include_usage` is `true`. */
  includeUsage: bool = false;
  /** The most tokens that each answer may have; UNCAPPED = not given, or no number. How many answers are wanted. */
  outputCap: i64 = UNCAPPED;
  choices: i64 = 1;
  /** Behind the brace that opens the body, and behind that of its "generationConfig"; 0 = there is none, -1 = it is no object. */
  bodyStart: i32 = 0;
  generationConfigStart: i32 = 0;
  /** How the body is made to ask for the usage of its stream, and which bytes of it that takes the place of. */
  usageAsk: UsageAsk = UsageAsk.NONE;
  usageAskStart: i32 = 0;
  usageAskEnd: i32 = 0;

  private readonly reader: JsonReader = new JsonReader();
  private readonly unescaped: ByteWriter = new ByteWriter(ESCAPED_KEY_BYTES_MAX);
  /** Hashes of the keys so far, eight bytes each. */
  private readonly hashes: usize = heap.alloc(<usize>KEYS_MAX * 8);
  private keyCount: i32 = 0;
  /** The last key, unescaped. */
  private keyPointer: usize = 0;
  private keyLength: i32 = 0;

  /** False when the body cannot be used: then `error` says why. */
  read(pointer: usize, length: i32): bool {
    this.clear();
    const reader = this.reader.reset(pointer, length);
    const first = reader.next();
    if (first != JsonToken.OBJECT_BEGIN) {
      return first == JsonToken.ERROR ? this.failAsReader() : this.fail(JsonError.NOT_OBJECT, reader.tokenStart);
    }
    this.askAt(UsageAsk.MEMBER, reader.tokenEnd, reader.tokenEnd);
    this.bodyStart = reader.tokenEnd;
    while (reader.next() == JsonToken.KEY) {
      const keyStart = reader.tokenStart;
      if (this.keyCount == KEYS_MAX || !this.takeKey()) return this.fail(JsonError.KEY_LIMIT, keyStart);
      if (this.isDuplicate()) return this.fail(JsonError.DUPLICATE_KEY, keyStart);
      if (!this.readMember()) return false;
    }
    // The loop ended at the closing brace, or at an error that `next` repeats.
    return reader.next() == JsonToken.END || this.failAsReader();
  }

  private clear(): void {
    this.error = JsonError.NONE;
    this.errorOffset = 0;
    this.hasModel = false;
    this.modelIsString = false;
    this.modelStart = 0;
    this.modelEnd = 0;
    this.modelHasEscapes = false;
    this.streamKind = JsonToken.NONE;
    this.messagesKind = JsonToken.NONE;
    this.previousResponseKind = JsonToken.NONE;
    this.includeUsage = false;
    this.outputCap = UNCAPPED;
    this.choices = 1;
    this.generationConfigStart = 0;
    this.keyCount = 0;
  }

  /** The value of the member whose key was just read. */
  private readMember(): bool {
    switch (this.keyLength) {
      case 1:
        if (this.keyIs("n")) return this.readChoices();
        break;
      case 5:
        if (this.keyIs("model")) return this.readModel();
        break;
      case 6:
        if (this.keyIs("stream")) {
          if (!this.skip()) return false;
          this.streamKind = this.reader.token;
          return true;
        }
        break;
      case 8:
        if (this.keyIs("messages")) {
          if (!this.skip()) return false;
          this.messagesKind = this.reader.token;
          return true;
        }
        break;
      case 10:
        if (this.keyIs("max_tokens")) return this.readCap();
        break;
      case 7:
        if (this.keyIs("best_of")) return this.readChoices();
        break;
      case 16:
        if (this.keyIs("generationConfig")) return this.readGenerationConfig();
        break;
      case 17:
        if (this.keyIs("max_output_tokens")) return this.readCap();
        if (this.keyIs("generation_config")) return this.readGenerationConfig();
        break;
      case 21:
        if (this.keyIs("max_completion_tokens")) return this.readCap();
        break;
      case 20:
        if (this.keyIs("previous_response_id")) return this.readPreviousResponse();
        break;
      case 14:
        if (this.keyIs("stream_options")) return this.readStreamOptions();
        break;
    }
    return this.skip();
  }

  private readModel(): bool {
    if (!this.skip()) return false;
    const reader = this.reader;
    this.hasModel = true;
    this.modelIsString = reader.token == JsonToken.STRING;
    this.modelStart = reader.tokenStart;
    this.modelEnd = reader.tokenEnd;
    this.modelHasEscapes = this.modelIsString && reader.hasEscapes;
    return true;
  }

  private readPreviousResponse(): bool {
    if (!this.skip()) return false;
    const reader = this.reader;
    const quotes = reader.token == JsonToken.STRING ? 1 : 0;
    this.previousResponseKind = reader.token;
    this.previousResponseStart = reader.tokenStart + quotes;
    this.previousResponseEnd = reader.tokenEnd - quotes;
    return true;
  }

  private readStreamOptions(): bool {
    const reader = this.reader;
    this.usageAsk = UsageAsk.NONE;
    const value = reader.next();
    if (value == JsonToken.NULL) this.askAt(UsageAsk.OBJECT, reader.tokenStart, reader.tokenEnd);
    if (value != JsonToken.OBJECT_BEGIN) return reader.skipRest() || this.failAsReader();
    this.askAt(UsageAsk.FIRST_OPTION, reader.tokenEnd, reader.tokenEnd);
    let found = false;
    while (reader.next() == JsonToken.KEY) {
      const keyStart = reader.tokenStart;
      const isUsage = reader.keyEquals("include_usage");
      if (this.usageAsk == UsageAsk.FIRST_OPTION) this.usageAsk = UsageAsk.OPTION;
      if (isUsage && found) return this.fail(JsonError.DUPLICATE_KEY, keyStart);
      if (!this.skip()) return false;
      if (!isUsage) continue;
      found = true;
      this.includeUsage = reader.token == JsonToken.TRUE;
      const isOff = reader.token == JsonToken.FALSE || reader.token == JsonToken.NULL;
      this.askAt(isOff ? UsageAsk.VALUE : UsageAsk.NONE, reader.tokenStart, reader.tokenEnd);
    }
    return reader.error == JsonError.NONE || this.failAsReader();
  }

  /** The larger of two, where a client says it in two ways. */
  private readCap(): bool {
    if (!this.skip()) return false;
    this.outputCap = max(this.outputCap, this.number());
    return true;
  }

  private readChoices(): bool {
    if (!this.skip()) return false;
    this.choices = max(this.choices, this.number());
    return true;
  }

  private readGenerationConfig(): bool {
    const reader = this.reader;
    this.generationConfigStart = -1;
    if (reader.next() != JsonToken.OBJECT_BEGIN) return reader.skipRest() || this.failAsReader();
    this.generationConfigStart = reader.tokenEnd;
    while (reader.next() == JsonToken.KEY) {
      const isCap = reader.keyEquals("maxOutputTokens") || reader.keyEquals("max_output_tokens");
      const isChoices = reader.keyEquals("candidateCount") || reader.keyEquals("candidate_count");
      if (!(isCap ? this.readCap() : isChoices ? this.readChoices() : this.skip())) return false;
    }
    return reader.error == JsonError.NONE || this.failAsReader();
  }

  /** The value that was just skipped; UNCAPPED when it is no whole number. */
  private number(): i64 {
    const reader = this.reader;
    if (reader.token != JsonToken.NUMBER) return UNCAPPED;
    return max(parseInteger(reader.tokenPointer, reader.tokenLength), UNCAPPED);
  }

  private askAt(ask: UsageAsk, start: i32, end: i32): void {
    this.usageAsk = ask;
    this.usageAskStart = start;
    this.usageAskEnd = end;
  }

  private skip(): bool {
    return this.reader.skipValue() || this.failAsReader();
  }

  private keyIs(name: string): bool {
    return equalsAscii(this.keyPointer, this.keyLength, name);
  }

  /** Sets the key's text. False when it is too long to be unescaped. */
  private takeKey(): bool {
    const reader = this.reader;
    this.keyPointer = reader.tokenPointer;
    this.keyLength = reader.tokenLength;
    if (!reader.hasEscapes) return true;
    unescapeTo(this.keyPointer, this.keyLength, this.unescaped.reset());
    this.keyPointer = this.unescaped.pointer;
    this.keyLength = this.unescaped.length;
    return !this.unescaped.overflow;
  }

  /** Records the key; answers whether it was there before. */
  private isDuplicate(): bool {
    const hash = hashOf(this.keyPointer, this.keyLength);
    const end = this.hashes + ((<usize>this.keyCount) << 3);
    for (let at = this.hashes; at < end; at += 8) {
      if (load<u64>(at) == hash) return true;
    }
    store<u64>(end, hash);
    this.keyCount++;
    return false;
  }

  private fail(error: JsonError, offset: i32): bool {
    this.error = error;
    this.errorOffset = offset;
    return false;
  }

  private failAsReader(): bool {
    return this.fail(this.reader.error, this.reader.errorOffset);
  }
}

/**
 * 64 bits, eight bytes a step. Keys of one body do not meet by chance; who makes two meet on purpose has a body of his
 * own refused.
 */
function hashOf(pointer: usize, length: i32): u64 {
  const end = pointer + <usize>length;
  let hash: u64 = 0x9e3779b97f4a7c15 ^ <u64>length;
  let at = pointer;
  for (; end - at >= 8; at += 8) hash = mix(hash ^ load<u64>(at));
  let rest: u64 = 0;
  for (; at < end; at++) rest = (rest << 8) | <u64>load<u8>(at);
  return mix(hash ^ rest);
}

function mix(value: u64): u64 {
  value *= 0xbf58476d1ce4e5b9;
  return value ^ (value >> 32);
}
