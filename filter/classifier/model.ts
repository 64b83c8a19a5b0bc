// A task classifier as the control plane compiled it, used in place (ARCHITECTURE.md §2.8). `check` looks at every bound
// once; after that the evaluation only follows offsets, in whole numbers. It owns no bytes: whoever holds them keeps them.

import { fnv1a32 } from "../bytes/compare";
import {
  CLASSIFIER_BUCKET_BITS_MAX,
  CLASSIFIER_BUCKET_BITS_MIN,
  CLASSIFIER_BYTES_MAX,
  CLASSIFIER_CLASSES_MAX,
  CLASSIFIER_CURVE_ENTRIES,
  CLASSIFIER_FORMAT,
  CLASSIFIER_HEADER_BYTES,
  CLASSIFIER_MAGIC,
} from "../contract";
import { beginFeatures, bucketCount, scanFeatures, sums } from "./features";
import { TaskText } from "./task-text";

/** Of one step of the curve: 2^-5 of a unit of the logarithm of odds, which is a score of 8. */
const CURVE_SHIFT: u32 = 3;
const SCALE_MAX: u32 = 0xffff;
const BIAS_MAX: i32 = 0xffff;

/** i32 a column. */
const scores: usize = memory.data(68);

export class ClassifierModel {
  /** Why `check` refused; empty while it has not. */
  problem: string = "";
  /** Of the last `classify`: the position of the class, in the order of the operator's; -1 = none of them. */
  classIndex: i32 = -1;
  /** Of the last `classify`: 0 … 100, how sure that is. */
  confidence: i32 = 0;

  constructor(
    private readonly bytes: usize,
    private readonly length: u32,
  ) {}

  get classCount(): i32 {
    return load<u8>(this.bytes, 6);
  }

  /** The name of a class, as a str16. */
  className(index: i32): usize {
    let at = this.bytes + load<u32>(this.bytes, 28);
    for (let i = 0; i < index; i++) at += 2 + <usize>load<u16>(at);
    return at;
  }

  /** Sets `classIndex` and `confidence`. 10 to 50 µs, whatever the text is. */
  classify(text: TaskText): void {
    const columns = this.columns;
    beginFeatures(this.bytes + load<u32>(this.bytes, 24), columns, load<u8>(this.bytes, 16));
    scanFeatures(text.head, text.headLength);
    if (text.tailLength > 0) scanFeatures(text.tail, text.tailLength);
    this.classIndex = -1;
    this.confidence = 0;
    if (bucketCount == 0) return;
    this.score(columns);
    this.decide(columns);
  }

  /** Whether the bytes are a classifier that can be used. */
  check(): bool {
    this.problem = this.findProblem();
    return this.problem.length == 0;
  }

  private get columns(): i32 {
    return <i32>load<u8>(this.bytes, 6) + <i32>load<u8>(this.bytes, 7);
  }

  private score(columns: i32): void {
    const scale: i64 = load<u32>(this.bytes, 20);
    // 256 times the square root of the number of buckets, in whole numbers.
    const norm = <i64>sqrt<f64>(<f64>bucketCount * 65536.0);
    for (let column = 0; column < columns; column++) {
      const at = <usize>column * 4;
      const sum: i64 = load<i32>(sums + at);
      store<i32>(scores + at, <i32>((sum * scale) / norm) + load<i32>(this.bytes + CLASSIFIER_HEADER_BYTES + at));
    }
  }

  private decide(columns: i32): void {
    let best = 0;
    for (let column = 1; column < columns; column++) {
      if (load<i32>(scores + <usize>column * 4) > load<i32>(scores + <usize>best * 4)) best = column;
    }
    const top = load<i32>(scores + <usize>best * 4);
    let sum: u32 = 0;
    for (let column = 0; column < columns; column++) {
      sum += this.curve(<u32>(top - load<i32>(scores + <usize>column * 4)));
    }
    this.confidence = (100 * this.curve(0)) / sum;
    this.classIndex = best < this.classCount ? best : -1;
  }

  private curve(distance: u32): u32 {
    const entry = distance >> CURVE_SHIFT;
    if (entry >= CLASSIFIER_CURVE_ENTRIES) return 0;
    return load<u16>(this.bytes + CLASSIFIER_HEADER_BYTES + <usize>this.columns * 4 + <usize>entry * 2);
  }

  private findProblem(): string {
    const bytes = this.bytes;
    if (this.length < CLASSIFIER_HEADER_BYTES || this.length > CLASSIFIER_BYTES_MAX)
      return "its length is out of bounds";
    if (load<u32>(bytes) != CLASSIFIER_MAGIC) return "it is none";
    if (load<u16>(bytes, 4) != CLASSIFIER_FORMAT) return "its format is unknown";
    if (load<u32>(bytes, 8) != this.length) return "its length is wrong";
    if (load<u32>(bytes, 12) != fnv1a32(bytes + 16, this.length - 16)) return "its checksum is wrong";
    const classes: u32 = load<u8>(bytes, 6);
    if (classes < 1 || classes > CLASSIFIER_CLASSES_MAX || load<u8>(bytes, 7) > 1) {
      return "its number of classes is out of bounds";
    }
    const bits: u32 = load<u8>(bytes, 16);
    if (bits < CLASSIFIER_BUCKET_BITS_MIN || bits > CLASSIFIER_BUCKET_BITS_MAX) return "its size is out of bounds";
    if (load<u32>(bytes, 20) > SCALE_MAX) return "its scale is out of bounds";
    return this.findTableProblem(classes, bits);
  }

  private findTableProblem(classes: u32, bits: u32): string {
    const columns: u32 = this.columns;
    const curveOffset = CLASSIFIER_HEADER_BYTES + columns * 4;
    const namesOffset = curveOffset + CLASSIFIER_CURVE_ENTRIES * 2;
    const weightsBytes = columns << bits;
    const weightsOffset = load<u32>(this.bytes, 24);
    const fits = weightsBytes <= this.length && weightsOffset == this.length - weightsBytes;
    if (!fits || weightsOffset < namesOffset || load<u32>(this.bytes, 28) != namesOffset) {
      return "its parts do not fit its length";
    }
    for (let at = CLASSIFIER_HEADER_BYTES; at < curveOffset; at += 4) {
      const bias = load<i32>(this.bytes + at);
      if (bias > BIAS_MAX || bias < -BIAS_MAX) return "a bias is out of bounds";
    }
    if (load<u16>(this.bytes + curveOffset) == 0) return "its curve begins with nothing";
    return this.findNamesProblem(namesOffset, weightsOffset, classes);
  }

  private findNamesProblem(namesOffset: u32, namesEnd: u32, classes: u32): string {
    let at = namesOffset;
    for (let i: u32 = 0; i < classes; i++) {
      if (at + 2 > namesEnd) return "a class has no name";
      const length: u32 = load<u16>(this.bytes + at);
      if (length == 0) return "a class has no name";
      at += 2 + length;
    }
    return at == namesEnd ? "" : "its names do not fit";
  }
}
