// The trained classifier as bytes, and its evaluation in whole numbers: what the API's dry run uses, and the oracle of
// filter/classifier. It trains nothing. Layout: ARCHITECTURE.md §2.8.
import {
  CLASSIFIER_BUCKET_BITS_MAX,
  CLASSIFIER_BUCKET_BITS_MIN,
  CLASSIFIER_BYTES_MAX,
  CLASSIFIER_CLASSES_MAX,
  CLASSIFIER_CURVE_ENTRIES,
  CLASSIFIER_FORMAT,
  CLASSIFIER_HEADER_BYTES,
  CLASSIFIER_MAGIC,
} from "../contract.js";
import { bucketsOf } from "./features.js";

/** Of one step of the curve: 2^-5 of a unit of the logarithm of odds, which is a score of 8. */
const CURVE_SHIFT = 3;

export interface Classification {
  /** Undefined = none of the classes: an empty text, or one that is more like the background. */
  readonly name: string | undefined;
  /** Its position among the classes; -1 = none. */
  readonly index: number;
  /** 0 … 100: how sure that is. */
  readonly confidence: number;
}

export interface ModelParts {
  readonly names: readonly string[];
  /** The last column is the background. */
  readonly hasBackground: boolean;
  readonly bucketBits: number;
  /** Of a sum of weights; the sum times it, by 256 times the square root of the number of buckets, is a score. */
  readonly scale: number;
  /** Scores, 256 to a unit of the logarithm of odds, one a column. */
  readonly biases: readonly number[];
  /** Bucket by bucket, a column each. */
  readonly weights: Int8Array;
  /** exp(-i / 32) in 65535ths. */
  readonly curve: Uint16Array;
}

export function fnv1a32(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

export function writeModel(parts: ModelParts): Buffer {
  const columns = parts.biases.length;
  const names = parts.names.map((name) => Buffer.from(name));
  const namesOffset = CLASSIFIER_HEADER_BYTES + columns * 4 + CLASSIFIER_CURVE_ENTRIES * 2;
  const weightsOffset = names.reduce((offset, name) => offset + 2 + name.length, namesOffset);
  const blob = Buffer.alloc(weightsOffset + parts.weights.length);
  blob.writeUInt32LE(CLASSIFIER_MAGIC, 0);
  blob.writeUInt16LE(CLASSIFIER_FORMAT, 4);
  blob.writeUInt8(names.length, 6);
  blob.writeUInt8(parts.hasBackground ? 1 : 0, 7);
  blob.writeUInt32LE(blob.length, 8);
  blob.writeUInt8(parts.bucketBits, 16);
  blob.writeUInt32LE(parts.scale, 20);
  blob.writeUInt32LE(weightsOffset, 24);
  blob.writeUInt32LE(namesOffset, 28);
  let at = CLASSIFIER_HEADER_BYTES;
  for (const bias of parts.biases) at = blob.writeInt32LE(bias, at);
  for (const value of parts.curve) at = blob.writeUInt16LE(value, at);
  for (const name of names) {
    at = blob.writeUInt16LE(name.length, at);
    at += name.copy(blob, at);
  }
  blob.set(new Uint8Array(parts.weights.buffer, parts.weights.byteOffset, parts.weights.length), weightsOffset);
  blob.writeUInt32LE(fnv1a32(blob.subarray(16)), 12);
  return blob;
}

/** A classifier that is read from its bytes once and asked often. */
export class Classifier {
  readonly names: readonly string[];
  private readonly columns: number;
  private readonly bucketBits: number;
  private readonly scale: number;
  private readonly weightsOffset: number;
  private readonly curveOffset: number;

  /** Throws a RangeError that says what is wrong with the bytes. */
  constructor(private readonly blob: Buffer) {
    const problem = modelProblem(blob);
    if (problem !== undefined) throw new RangeError(`The classifier cannot be read: ${problem}.`);
    const count = blob.readUInt8(6);
    this.columns = count + blob.readUInt8(7);
    this.bucketBits = blob.readUInt8(16);
    this.scale = blob.readUInt32LE(20);
    this.weightsOffset = blob.readUInt32LE(24);
    this.curveOffset = CLASSIFIER_HEADER_BYTES + this.columns * 4;
    const names: string[] = [];
    let at = blob.readUInt32LE(28);
    for (let i = 0; i < count; i++) {
      const end = at + 2 + blob.readUInt16LE(at);
      names.push(blob.toString("utf8", at + 2, end));
      at = end;
    }
    this.names = names;
  }

  /** `text`: what the user wrote, unescaped; as bytes it is taken for UTF-8. */
  classify(text: string | Uint8Array): Classification {
    const buckets = bucketsOf(typeof text === "string" ? Buffer.from(text) : text, this.bucketBits);
    if (buckets.length === 0) return { name: undefined, index: -1, confidence: 0 };
    const scores = this.scores(buckets);
    const best = scores.reduce((found, score, column) => (score > (scores[found] ?? 0) ? column : found), 0);
    let sum = 0;
    for (const score of scores) sum += this.curve((scores[best] ?? 0) - score);
    const confidence = Math.trunc((100 * this.curve(0)) / sum);
    const name = this.names[best];
    return { name, index: name === undefined ? -1 : best, confidence };
  }

  private scores(buckets: readonly number[]): number[] {
    const { blob, columns } = this;
    const sums = new Array<number>(columns).fill(0);
    for (const bucket of buckets) {
      const row = this.weightsOffset + bucket * columns;
      for (let column = 0; column < columns; column++) sums[column] = (sums[column] ?? 0) + blob.readInt8(row + column);
    }
    // 256 times the square root of the number of buckets, in whole numbers.
    const length = Math.trunc(Math.sqrt(buckets.length * 65536));
    return sums.map(
      (sum, column) => Math.trunc((sum * this.scale) / length) + blob.readInt32LE(CLASSIFIER_HEADER_BYTES + column * 4),
    );
  }

  private curve(distance: number): number {
    const entry = distance >> CURVE_SHIFT;
    return entry < CLASSIFIER_CURVE_ENTRIES ? this.blob.readUInt16LE(this.curveOffset + entry * 2) : 0;
  }
}

/** Why these bytes are no classifier; undefined when they are one. filter/classifier/model.ts judges the same. */
export function modelProblem(blob: Buffer): string | undefined {
  if (blob.length < CLASSIFIER_HEADER_BYTES || blob.length > CLASSIFIER_BYTES_MAX) return "its length is out of bounds";
  if (blob.readUInt32LE(0) !== CLASSIFIER_MAGIC) return "it is none";
  if (blob.readUInt16LE(4) !== CLASSIFIER_FORMAT) return "its format is unknown";
  if (blob.readUInt32LE(8) !== blob.length) return "its length is wrong";
  if (blob.readUInt32LE(12) !== fnv1a32(blob.subarray(16))) return "its checksum is wrong";
  const classes = blob.readUInt8(6);
  const background = blob.readUInt8(7);
  const bits = blob.readUInt8(16);
  if (classes < 1 || classes > CLASSIFIER_CLASSES_MAX || background > 1)
    return "its number of classes is out of bounds";
  if (bits < CLASSIFIER_BUCKET_BITS_MIN || bits > CLASSIFIER_BUCKET_BITS_MAX) return "its size is out of bounds";
  if (blob.readUInt32LE(20) > 0xffff) return "its scale is out of bounds";
  const columns = classes + background;
  const curveOffset = CLASSIFIER_HEADER_BYTES + columns * 4;
  const namesOffset = curveOffset + CLASSIFIER_CURVE_ENTRIES * 2;
  const weightsOffset = blob.readUInt32LE(24);
  if (weightsOffset !== blob.length - columns * 2 ** bits || blob.readUInt32LE(28) !== namesOffset) {
    return "its parts do not fit its length";
  }
  if (weightsOffset < namesOffset) return "its parts do not fit its length";
  for (let column = 0; column < columns; column++) {
    if (Math.abs(blob.readInt32LE(CLASSIFIER_HEADER_BYTES + column * 4)) > 0xffff) return "a bias is out of bounds";
  }
  if (blob.readUInt16LE(curveOffset) === 0) return "its curve begins with nothing";
  return namesProblem(blob, namesOffset, weightsOffset, classes);
}

function namesProblem(blob: Buffer, namesOffset: number, namesEnd: number, classes: number): string | undefined {
  let at = namesOffset;
  for (let i = 0; i < classes; i++) {
    if (at + 2 > namesEnd) return "a class has no name";
    const length = blob.readUInt16LE(at);
    if (length === 0) return "a class has no name";
    at += 2 + length;
  }
  return at === namesEnd ? undefined : "its names do not fit";
}
