// From example sentences to a classifier: logistic regression over hashed features, its weights rounded to bytes. The same
// examples give the same bytes on every machine: only operations that IEEE 754 rounds exactly are used, in one order.
import {
  CLASSIFIER_BUCKET_BITS_MAX,
  CLASSIFIER_BUCKET_BITS_MIN,
  CLASSIFIER_BYTES_MAX,
  CLASSIFIER_CURVE_ENTRIES,
} from "../contract.js";
import { type ClassifierProblem, type TaskClass, taskClassProblems } from "./examples.js";
import { bucketsOf } from "./features.js";
import { writeModel } from "./model.js";

/** Bytes of the blob that are not weights: header, biases, curve, names. */
const OTHER_BYTES_MAX = 16_384;
const EPOCHS = 16;
const STEP = 0.2;
/** How strongly a weight is drawn to zero at every example that has its feature. */
const DECAY = 0.0001;
/** Few rounds leave the odds too even: cross-validation over the built-in examples was right more often than it was sure. */
const TEMPER = 1.5;
const SEED = 0x51_1c_e0_01;
const LN_2 = Math.LN2;

export interface TrainOptions {
  /** Texts that are none of the classes, such as small talk. What resembles them is given no class. At most 20,000 in all. */
  readonly background?: readonly string[];
}

export interface TrainedClassifier {
  /** For the filter and for `Classifier`; undefined when there are problems. */
  readonly blob: Buffer | undefined;
  readonly problems: readonly ClassifierProblem[];
}

interface Example {
  readonly buckets: readonly number[];
  readonly column: number;
  /** How much it counts: every column counts the same in all. */
  readonly weight: number;
}

/** Math.exp may differ in its last bit between engines; sums and products may not. */
export function exactExp(x: number): number {
  const clamped = Math.max(-40, Math.min(40, x));
  const power = Math.floor(clamped / LN_2 + 0.5);
  const rest = clamped - power * LN_2;
  let sum = 1;
  for (let i = 14; i > 0; i--) sum = 1 + (sum * rest) / i;
  const factor = power < 0 ? 0.5 : 2;
  for (let i = Math.abs(power); i > 0; i--) sum *= factor;
  return sum;
}

/** 0 … below - 1 (mulberry32): for the order of the examples. */
function randomSource(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** As many buckets as fit, since fewer collide. */
function bucketBitsFor(columns: number): number {
  let bits = CLASSIFIER_BUCKET_BITS_MAX;
  while (bits > CLASSIFIER_BUCKET_BITS_MIN && columns * 2 ** bits > CLASSIFIER_BYTES_MAX - OTHER_BYTES_MAX) bits--;
  return bits;
}

function examplesOf(texts: readonly (readonly string[])[], bucketBits: number): Example[] {
  const total = texts.reduce((sum, column) => sum + column.length, 0);
  return texts.flatMap((column, index) =>
    column.map((text) => ({
      buckets: bucketsOf(Buffer.from(text), bucketBits),
      column: index,
      weight: total / (texts.length * column.length),
    })),
  );
}

function shuffled(length: number, random: (below: number) => number): number[] {
  const order = Array.from({ length }, (_, index) => index);
  for (let i = length - 1; i > 0; i--) {
    const j = random(i + 1);
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

/** Weights (bucket by bucket) and biases of a multinomial logistic regression, by AdaGrad. */
function fit(examples: readonly Example[], columns: number, bucketBits: number) {
  const weights = new Float64Array(columns * 2 ** bucketBits);
  const squares = new Float64Array(weights.length).fill(1e-8);
  const biases = new Float64Array(columns);
  const random = randomSource(SEED);
  const odds = new Float64Array(columns);
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const rate = STEP / (1 + epoch / 4);
    for (const index of shuffled(examples.length, random)) {
      const { buckets, column: label, weight } = examples[index] as Example;
      const value = 1 / Math.sqrt(buckets.length);
      for (let column = 0; column < columns; column++) {
        let sum = 0;
        for (const bucket of buckets) sum += weights[bucket * columns + column] as number;
        odds[column] = sum * value + (biases[column] as number);
      }
      likelihoods(odds);
      for (let column = 0; column < columns; column++) {
        const error = weight * ((odds[column] as number) - (column === label ? 1 : 0));
        biases[column] = (biases[column] as number) - 0.02 * rate * error;
        for (const bucket of buckets) {
          const at = bucket * columns + column;
          const slope = error * value + DECAY * (weights[at] as number);
          const square = (squares[at] as number) + slope * slope;
          squares[at] = square;
          weights[at] = (weights[at] as number) - (rate * slope) / Math.sqrt(square);
        }
      }
    }
  }
  return { weights, biases };
}

/** In place, from odds' logarithms to likelihoods that sum to 1. */
function likelihoods(odds: Float64Array): void {
  let top = odds[0] as number;
  for (const value of odds) top = Math.max(top, value);
  let sum = 0;
  for (let i = 0; i < odds.length; i++) {
    odds[i] = exactExp((odds[i] as number) - top);
    sum += odds[i] as number;
  }
  for (let i = 0; i < odds.length; i++) odds[i] = (odds[i] as number) / sum;
}

/** Rounds to bytes. `unit`: what one step of a byte is worth. */
function rounded(weights: Float64Array): { bytes: Int8Array; unit: number } {
  let largest = 1e-6;
  for (const weight of weights) largest = Math.max(largest, Math.abs(weight));
  const unit = largest / 127;
  const bytes = new Int8Array(weights.length);
  for (let i = 0; i < weights.length; i++) bytes[i] = Math.round((weights[i] as number) / unit);
  return { bytes, unit };
}

/**
 * Trains a classifier. Pure: the same examples in the same order give the same bytes. 2,000 sentences take about a second.
 * With problems there is no blob; their paths begin at the list of classes (`/0/examples/3`) or at `/background`.
 */
export function trainClassifier(classes: readonly TaskClass[], options: TrainOptions = {}): TrainedClassifier {
  const background = options.background ?? [];
  const problems = taskClassProblems(classes, background);
  if (problems.length > 0) return { blob: undefined, problems };
  const hasBackground = background.length > 0;
  const texts = [...classes.map(({ examples }) => examples), ...(hasBackground ? [background] : [])];
  const bucketBits = bucketBitsFor(texts.length);
  const { weights, biases } = fit(examplesOf(texts, bucketBits), texts.length, bucketBits);
  const { bytes, unit } = rounded(weights);
  const blob = writeModel({
    names: classes.map(({ name }) => name),
    hasBackground,
    bucketBits,
    // 256 for the score's unit, 256 for that of the square root.
    scale: Math.max(1, Math.min(0xffff, Math.round(unit * TEMPER * 65536))),
    biases: Array.from(biases, (bias) => Math.round(bias * TEMPER * 256)),
    weights: bytes,
    curve: Uint16Array.from({ length: CLASSIFIER_CURVE_ENTRIES }, (_, i) => Math.round(65535 * exactExp(-i / 32))),
  });
  return { blob, problems: [] };
}
