// What the classifier sees of a text: words and their parts, runs of Chinese characters, symbols; each hashed to a bucket
// of the model, each bucket counted once. control-plane/classifier/features.ts does the same and is the tests' oracle.
// No allocation; the time is that of the bytes given, and callers give at most 3,072.

import { TextFeature } from "../contract";

const SPACE: u32 = 0x20;
const SEPARATOR: u32 = 1;
/** What stands before the first word or character of a text. */
const START: u32 = 1;
/** CLASSIFIER_CLASSES_MAX, and one for the background. */
const COLUMNS_MAX: usize = 17;

/** One bit a bucket, CLASSIFIER_BUCKET_BITS_MAX of them at most: whether it was counted. */
const seen: usize = memory.data(4096);
/** i32 a column: the weights of the buckets counted so far. */
export const sums: usize = memory.data(68);
/** Buckets counted so far. */
export let bucketCount: i32 = 0;

let weights: usize = 0;
let columns: usize = 0;
let shift: u32 = 0;

let wordHash: u32 = 0;
let wordBytes: u32 = 0;
let previousWord: u32 = 0;
let lastFour: u32 = 0;
let framed: u32 = 0;
let character: u32 = 0;
let symbol: u32 = 0;

/** Begins a text. `table`: i8 weights, bucket by bucket, `columnCount` each. */
export function beginFeatures(table: usize, columnCount: i32, bucketBits: u32): void {
  weights = table;
  columns = <usize>columnCount;
  shift = 32 - bucketBits;
  memory.fill(seen, 0, ((<usize>1) << bucketBits) >> 3);
  memory.fill(sums, 0, COLUMNS_MAX * 4);
  bucketCount = 0;
  wordBytes = 0;
  previousWord = START;
  character = START;
  symbol = 0;
}

/** Counts what is in a window of the text. */
export function scanFeatures(pointer: usize, length: i32): void {
  const end = pointer + <usize>length;
  let at = pointer;
  // A window may begin within a character.
  while (at < end && at < pointer + 3 && isContinuation(load<u8>(at))) at++;
  while (at < end) {
    const first: u32 = load<u8>(at);
    if (first < 0x80) {
      ascii(first);
      at++;
      continue;
    }
    const code = wideCode(at, end);
    if (code == 0) {
      letter(first);
      at++;
      continue;
    }
    at += 3;
    if (code == SEPARATOR) separate();
    else if (code < 0x80) ascii(code);
    else wide(code);
  }
  separate();
}

function mix(kind: u32, a: u32, b: u32): u32 {
  let hash: u32 = (a ^ (kind * 0x9e3779b1)) * 0x85ebca6b;
  hash ^= hash >>> 15;
  hash = (hash ^ b) * 0xc2b2ae35;
  hash ^= hash >>> 13;
  return hash * 0x27d4eb2f;
}

function emit(kind: u32, a: u32, b: u32): void {
  const bucket = <usize>(mix(kind, a, b) >>> shift);
  const bits = seen + (bucket >> 3);
  const bit: u32 = 1 << (<u32>bucket & 7);
  const before: u32 = load<u8>(bits);
  if ((before & bit) != 0) return;
  store<u8>(bits, <u8>(before | bit));
  bucketCount++;
  const row = weights + bucket * columns;
  for (let column: usize = 0; column < columns; column++) {
    const sum = sums + column * 4;
    store<i32>(sum, load<i32>(sum) + <i32>load<i8>(row + column));
  }
}

function ascii(byte: u32): void {
  if (byte >= 0x61 && byte <= 0x7a) letter(byte);
  else if (byte >= 0x41 && byte <= 0x5a) letter(byte + 0x20);
  else if (byte >= 0x30 && byte <= 0x39) letter(0x30);
  else if (byte <= SPACE || byte == 0x7f) space();
  else punctuation(byte);
}

/** A byte of a word; digits are all the same. */
function letter(byte: u32): void {
  character = 0;
  symbol = 0;
  if (wordBytes == 0) {
    wordHash = 0x811c9dc5;
    lastFour = 0;
    framed = 0;
    part(SPACE);
  }
  wordHash = (wordHash ^ byte) * 0x01000193;
  wordBytes++;
  part(byte);
}

/** The part of a word that ends with this byte, four bytes long; a word stands between two spaces. */
function part(byte: u32): void {
  lastFour = (lastFour << 8) | byte;
  framed++;
  if (framed >= 4) emit(TextFeature.WORD_PART, lastFour, 0);
}

function endWord(): void {
  if (wordBytes == 0) return;
  wordBytes = 0;
  part(SPACE);
  // Twice: it says more than one of its parts.
  emit(TextFeature.WORD, wordHash, 0);
  emit(TextFeature.WORD, wordHash, 1);
  if (previousWord != 0) emit(TextFeature.WORD_PAIR, previousWord, wordHash);
  previousWord = wordHash;
}

function space(): void {
  endWord();
  character = 0;
  symbol = 0;
}

function separate(): void {
  space();
  previousWord = 0;
}

function punctuation(byte: u32): void {
  const before = symbol;
  separate();
  emit(TextFeature.SYMBOL, byte, 0);
  if (before != 0) emit(TextFeature.SYMBOL_PAIR, before, byte);
  symbol = byte;
}

/** A Chinese character, a kana, a Hangul syllable, a mathematical sign. */
function wide(code: u32): void {
  const before = character;
  separate();
  emit(TextFeature.CHARACTER, code, 0);
  if (before != 0) emit(TextFeature.CHARACTER_PAIR, before, code);
  character = code;
}

function isContinuation(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}

/**
 * What three bytes at `at` stand for: an ASCII character in its full-width form, `SEPARATOR`, or their value where they
 * are a character that is a feature of its own. 0 = the byte at `at` is taken alone, as a letter.
 */
function wideCode(at: usize, end: usize): u32 {
  const first: u32 = load<u8>(at);
  if (first < 0xe2 || first > 0xef || end - at < 3) return 0;
  const second: u32 = load<u8>(at, 1);
  const third: u32 = load<u8>(at, 2);
  if (!isContinuation(second) || !isContinuation(third)) return 0;
  const value = (first << 16) | (second << 8) | third;
  if (first == 0xe2) return second == 0x80 ? SEPARATOR : value;
  if (first == 0xe3 && second == 0x80) return SEPARATOR;
  if (first <= 0xed) return value;
  if (first != 0xef) return SEPARATOR;
  // U+FF01 … U+FF5E are ASCII's ! … ~
  if (second == 0xbc && third >= 0x81) return third - 0x60;
  if (second == 0xbd && third <= 0x9e) return third - 0x20;
  return SEPARATOR;
}
