// What the classifier sees of a text: words and their parts, runs of Chinese characters, symbols; each hashed to a number.
// filter/classifier/features.ts does the same in the filter, and a test holds the two together bit by bit.
import { CLASSIFIER_HEAD_BYTES, CLASSIFIER_TAIL_BYTES, TextFeature } from "../contract.js";

const SPACE = 0x20;
const SEPARATOR = -1;
/** What stands before the first word or character of a text. */
const START = 1;

function mix(kind: number, a: number, b: number): number {
  let hash = Math.imul(a ^ Math.imul(kind, 0x9e3779b1), 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash ^ b, 0xc2b2ae35);
  hash ^= hash >>> 13;
  return Math.imul(hash, 0x27d4eb2f) >>> 0;
}

/** The parts of a text that are looked at: all of it, or its first `CLASSIFIER_HEAD_BYTES` and its last `CLASSIFIER_TAIL_BYTES`. */
export function windowsOf(text: Uint8Array): Uint8Array[] {
  if (text.length <= CLASSIFIER_HEAD_BYTES + CLASSIFIER_TAIL_BYTES) return [text];
  return [text.subarray(0, CLASSIFIER_HEAD_BYTES), text.subarray(text.length - CLASSIFIER_TAIL_BYTES)];
}

class Scanner {
  readonly buckets: number[] = [];
  private readonly seen: Uint8Array;
  private readonly shift: number;
  private wordHash = 0;
  private wordBytes = 0;
  private previousWord = START;
  private lastFour = 0;
  private framed = 0;
  private character = START;
  private symbol = 0;

  constructor(bucketBits: number) {
    this.seen = new Uint8Array(2 ** bucketBits);
    this.shift = 32 - bucketBits;
  }

  scan(bytes: Uint8Array): void {
    let at = 0;
    // A window may begin within a character.
    while (at < 3 && at < bytes.length && isContinuation(bytes[at])) at++;
    while (at < bytes.length) {
      const first = bytes[at] ?? 0;
      if (first < 0x80) {
        this.ascii(first);
        at++;
        continue;
      }
      const code = wideCode(bytes, at);
      if (code === 0) {
        this.letter(first);
        at++;
        continue;
      }
      at += 3;
      if (code === SEPARATOR) this.separate();
      else if (code < 0x80) this.ascii(code);
      else this.wide(code);
    }
    this.separate();
  }

  private emit(kind: number, a: number, b: number): void {
    const bucket = mix(kind, a, b) >>> this.shift;
    if (this.seen[bucket] === 1) return;
    this.seen[bucket] = 1;
    this.buckets.push(bucket);
  }

  private ascii(byte: number): void {
    if (byte >= 0x61 && byte <= 0x7a) this.letter(byte);
    else if (byte >= 0x41 && byte <= 0x5a) this.letter(byte + 0x20);
    else if (byte >= 0x30 && byte <= 0x39) this.letter(0x30);
    else if (byte <= SPACE || byte === 0x7f) this.space();
    else this.punctuation(byte);
  }

  /** A byte of a word; digits are all the same. */
  private letter(byte: number): void {
    this.character = 0;
    this.symbol = 0;
    if (this.wordBytes === 0) {
      this.wordHash = 0x811c9dc5;
      this.lastFour = 0;
      this.framed = 0;
      this.part(SPACE);
    }
    this.wordHash = Math.imul(this.wordHash ^ byte, 0x01000193);
    this.wordBytes++;
    this.part(byte);
  }

  /** The part of a word that ends with this byte, four bytes long; a word stands between two spaces. */
  private part(byte: number): void {
    this.lastFour = (this.lastFour << 8) | byte;
    this.framed++;
    if (this.framed >= 4) this.emit(TextFeature.WORD_PART, this.lastFour, 0);
  }

  private endWord(): void {
    if (this.wordBytes === 0) return;
    this.wordBytes = 0;
    this.part(SPACE);
    // Twice: it says more than one of its parts.
    this.emit(TextFeature.WORD, this.wordHash, 0);
    this.emit(TextFeature.WORD, this.wordHash, 1);
    if (this.previousWord !== 0) this.emit(TextFeature.WORD_PAIR, this.previousWord, this.wordHash);
    this.previousWord = this.wordHash;
  }

  private space(): void {
    this.endWord();
    this.character = 0;
    this.symbol = 0;
  }

  private separate(): void {
    this.space();
    this.previousWord = 0;
  }

  private punctuation(byte: number): void {
    const before = this.symbol;
    this.separate();
    this.emit(TextFeature.SYMBOL, byte, 0);
    if (before !== 0) this.emit(TextFeature.SYMBOL_PAIR, before, byte);
    this.symbol = byte;
  }

  /** A Chinese character, a kana, a Hangul syllable, a mathematical sign. */
  private wide(code: number): void {
    const before = this.character;
    this.separate();
    this.emit(TextFeature.CHARACTER, code, 0);
    if (before !== 0) this.emit(TextFeature.CHARACTER_PAIR, before, code);
    this.character = code;
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/**
 * What three bytes at `at` stand for: an ASCII character in its full-width form, `SEPARATOR`, or their value where they
 * are a character that is a feature of its own. 0 = the byte at `at` is taken alone, as a letter.
 */
function wideCode(bytes: Uint8Array, at: number): number {
  const [first = 0, second = 0, third = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  if (first < 0xe2 || first > 0xef || !isContinuation(bytes[at + 1]) || !isContinuation(bytes[at + 2])) return 0;
  const value = (first << 16) | (second << 8) | third;
  if (first === 0xe2) return second === 0x80 ? SEPARATOR : value;
  if (first === 0xe3 && second === 0x80) return SEPARATOR;
  if (first <= 0xed) return value;
  if (first !== 0xef) return SEPARATOR;
  // U+FF01 … U+FF5E are ASCII's ! … ~
  if (second === 0xbc && third >= 0x81) return third - 0x60;
  if (second === 0xbd && third <= 0x9e) return third - 0x20;
  return SEPARATOR;
}

/** The buckets that a text falls into, each once, in the order of their first appearance. `text` is UTF-8, or any bytes. */
export function bucketsOf(text: Uint8Array, bucketBits: number): number[] {
  const scanner = new Scanner(bucketBits);
  for (const window of windowsOf(text)) scanner.scan(window);
  return scanner.buckets;
}
