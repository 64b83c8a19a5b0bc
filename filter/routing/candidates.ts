// Members of one tier that may serve a request, and the order that the tier's strategy gives them. Pooled, bounded, no allocation.

import { kindOf, tierNumber, weightAt } from "../config/route-view";
import { ROUTE_TARGETS_MAX, Strategy, TargetKind } from "../contract";
import { latency, REQUESTS_MIN } from "../health/latency";
import { inFlight } from "../health/tally";
import { anyNumber } from "../state/random";
import { costOf, currencyOf } from "../usage/bill";
import { TokenUsage } from "../usage/token-usage";

/** Tiers whose turns are counted apart; two that meet share a counter. */
const TURNS: u32 = 1024;
/** 2^32 / golden ratio: multiples of it fill the circle evenly, however many are taken. */
const GOLDEN: u32 = 0x9e3779b9;
const NEVER: i64 = i64.MAX_VALUE;

const turns: StaticArray<u32> = new StaticArray<u32>(<i32>TURNS);
const usage = new TokenUsage();

/** What a strategy goes by. */
export class Question {
  nowMs: u64 = 0;
  streams: bool = false;
  inputTokens: i64 = 0;
  outputTokens: i64 = 0;
  /** Of the beginning of the conversation. */
  hash: u64 = 0;
}

export class Candidates {
  count: i32 = 0;
  private readonly members: StaticArray<usize> = new StaticArray<usize>(ROUTE_TARGETS_MAX);
  private readonly records: StaticArray<usize> = new StaticArray<usize>(ROUTE_TARGETS_MAX);
  /** The smallest comes first. */
  private readonly keys: StaticArray<i64> = new StaticArray<i64>(ROUTE_TARGETS_MAX);

  clear(): void {
    this.count = 0;
  }

  add(member: usize, record: usize): void {
    this.members[this.count] = member;
    this.records[this.count++] = record;
  }

  recordAt(index: i32): usize {
    return this.records[index];
  }

  /** In the order of the attempts. Provisioned capacity is paid for anyway: it comes first whatever the strategy says. */
  order(strategy: i32, tier: usize, question: Question): void {
    if (this.count < 2) return;
    switch (strategy) {
      case Strategy.WEIGHTED:
        this.pickByWeight(tier, <u32>(question.nowMs / 1000));
        break;
      case Strategy.LEAST_REQUESTS:
        for (let i = 0; i < this.count; i++) {
          this.keys[i] = ((<i64>inFlight(tagOf(this.records[i]))) << 32) | <i64>anyNumber();
        }
        this.sort();
        break;
      case Strategy.LOWEST_LATENCY:
        this.pickQuicker(question.streams);
        break;
      case Strategy.CHEAPEST:
        for (let i = 0; i < this.count; i++) this.keys[i] = expectedCost(this.records[i], question);
        this.sort();
        break;
      case Strategy.CONSISTENT_HASH:
        // The one whose hash with the conversation is the smallest: who goes takes only its own conversations along.
        for (let i = 0; i < this.count; i++) this.keys[i] = <i64>(mix(question.hash ^ tagOf(this.records[i])) >> 1);
        this.sort();
        break;
      case Strategy.RANDOM:
        for (let i = 0; i < this.count; i++) this.keys[i] = anyNumber();
        this.sort();
        break;
      default:
    }
    for (let i = 0; i < this.count; i++) {
      this.keys[i] = kindOf(this.members[i]) == TargetKind.PROVISIONED ? 0 : 1;
    }
    this.sort();
  }

  /** The first by weight, evenly over time; the others behind it by weight too, at random. */
  private pickByWeight(tier: usize, seconds: u32): void {
    const turn = tierNumber(tier) & (TURNS - 1);
    let point = (turns[turn] += GOLDEN);
    for (let place = 0; place + 1 < this.count; place++) {
      let sum: u64 = 0;
      for (let i = place; i < this.count; i++) sum += weightAt(this.members[i], seconds);
      // The upper bits of the product: `point` as a part of the whole.
      let left = mulHigh(point, sum);
      let i = place;
      for (; i + 1 < this.count; i++) {
        const weight = weightAt(this.members[i], seconds);
        if (left < weight) break;
        left -= weight;
      }
      this.move(i, place);
      point = anyNumber();
    }
  }

  /** Of two that are taken at random the quicker one; one of which little is known counts as quick. */
  private pickQuicker(streams: bool): void {
    for (let i = 0; i < this.count; i++) this.keys[i] = anyNumber();
    this.sort();
    if (waitOf(this.records[1], streams) < waitOf(this.records[0], streams)) this.move(1, 0);
  }

  private move(from: i32, to: i32): void {
    const member = this.members[from];
    const record = this.records[from];
    const key = this.keys[from];
    for (let i = from; i > to; i--) {
      this.members[i] = this.members[i - 1];
      this.records[i] = this.records[i - 1];
      this.keys[i] = this.keys[i - 1];
    }
    this.members[to] = member;
    this.records[to] = record;
    this.keys[to] = key;
  }

  /** By insertion: few, and mostly in order; equal ones stay as they are. */
  private sort(): void {
    for (let i = 1; i < this.count; i++) {
      let to = i;
      while (to > 0 && this.keys[to - 1] > this.keys[i]) to--;
      if (to < i) this.move(i, to);
    }
  }
}

export function tagOf(record: usize): u64 {
  return load<u64>(record, 16);
}

/** Microseconds, times what is waiting there already. */
function waitOf(record: usize, streams: bool): i64 {
  const tag = tagOf(record);
  const known = latency.load(tag, streams);
  return known.requests < REQUESTS_MIN ? 0 : known.firstUs * (<i64>inFlight(tag) + 1);
}

/** A target without a known price comes last. */
function expectedCost(record: usize, question: Question): i64 {
  if (load<u16>(currencyOf(record)) == 0) return NEVER;
  usage.reset();
  usage.input = question.inputTokens;
  usage.output = question.outputTokens;
  return costOf(record, usage, question.nowMs);
}

function mulHigh(point: u32, sum: u64): u64 {
  return (sum >> 32) * <u64>point + (((sum & 0xffffffff) * <u64>point) >> 32);
}

function mix(value: u64): u64 {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccd;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53;
  return value ^ (value >> 33);
}
