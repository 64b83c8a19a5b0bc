// What one attempt used, in OpenAI's way of counting: cached, audio and reasoning tokens are among those of input and output.

/** A count that the provider has not told. */
export const UNTOLD: i64 = -1;

export class TokenUsage {
  /** All that the model read, cached or not. */
  input: i64 = 0;
  /** All that the model wrote, thoughts among them. */
  output: i64 = 0;
  /** Of the input: read from the provider's cache, written to it, sound. */
  cached: i64 = UNTOLD;
  cacheWritten: i64 = UNTOLD;
  inputAudio: i64 = UNTOLD;
  /** Of the output: thoughts, sound. */
  reasoning: i64 = UNTOLD;
  outputAudio: i64 = UNTOLD;

  reset(): void {
    this.input = 0;
    this.output = 0;
    this.cached = UNTOLD;
    this.cacheWritten = UNTOLD;
    this.inputAudio = UNTOLD;
    this.reasoning = UNTOLD;
    this.outputAudio = UNTOLD;
  }

  copy(other: TokenUsage): void {
    this.input = other.input;
    this.output = other.output;
    this.cached = other.cached;
    this.cacheWritten = other.cacheWritten;
    this.inputAudio = other.inputAudio;
    this.reasoning = other.reasoning;
    this.outputAudio = other.outputAudio;
  }
}
