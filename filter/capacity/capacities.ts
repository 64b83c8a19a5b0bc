// The targets with declared capacity, as this worker was last told. Where there are none nothing of this costs anything.

import { fnv1a32 } from "../bytes/compare";
import { CAPACITIES_MAX, PRIORITY_CLASSES_MAX } from "../contract";
import { noteGarbage } from "../sdk";
import { CapacityTarget } from "./capacity-target";
import { CLASSES, Declaration, endOfDeclaration } from "./declaration";
import { slots } from "./shared-slots";
import { FORMER } from "./slot";

/** What a declaration is taken for when it is garbage. */
const DECLARATION_BYTES: i32 = 128;
/** A power of two: twice as many as may be declared. */
const BUCKETS: i32 = 2 * <i32>CAPACITIES_MAX;

export class Capacities {
  /** Of what was taken last; 0 = nothing was. */
  version: u64 = 0;
  /** Those that are declared, and those that were and are still in use. */
  readonly targets: CapacityTarget[] = [];
  /** By hash of the id: index + 1; 0 = empty. */
  private readonly buckets: StaticArray<i32> = new StaticArray<i32>(BUCKETS);
  private record: usize = 0;
  private declared: i32 = 0;

  /** The capacity of this target (str16); null when it is not limited. */
  find(id: usize): CapacityTarget | null {
    const found = this.search(id);
    return found != null && found.declaration != null ? found : null;
  }

  get isEmpty(): bool {
    return this.declared == 0;
  }

  /** Names of classes and declarations as they came (ARCHITECTURE.md §2.5). False when they are not whole: nothing has changed then. */
  take(version: u64, bytes: usize, length: i32, classes: i32, count: i32): bool {
    const names = endOfNames(bytes, length, classes);
    if (names < 0 || !areWhole(bytes, names, length, count)) return false;
    const record = heap.alloc(length);
    memory.copy(record, bytes, length);
    this.forgetIdle();
    for (let i = 0; i < this.targets.length; i++) this.targets[i].retire();
    this.declared = count;
    let at = record + <usize>names;
    for (let i = 0; i < count; i++) {
      this.add(new Declaration(at), record, classes);
      at += load<u16>(at);
    }
    noteGarbage(count * DECLARATION_BYTES);
    if (this.record != 0) heap.free(this.record);
    this.record = record;
    this.version = version;
    return true;
  }

  /** Call from the tick: renews what this worker has in use, and tells what all have. */
  renew(nowMs: i64): void {
    for (let i = 0; i < this.targets.length; i++) {
      const target = unchecked(this.targets[i]);
      if (!target.isIdle) target.publish(nowMs);
      if (slots.open(target.place, nowMs)) recordUse(target);
      target.series.flush();
    }
  }

  private add(declaration: Declaration, names: usize, classes: i32): void {
    let target = this.search(declaration.target);
    if (target == null) {
      // Only when hundreds that are no more declared are still in use.
      if (this.targets.length == BUCKETS - 1) return;
      target = new CapacityTarget(declaration.target);
      this.targets.push(target);
      this.index(this.targets.length - 1);
    }
    target.adopt(declaration);
    let name = names;
    for (let rank = 0; rank < classes; rank++) {
      target.series.nameClass(rank, name);
      name += 2 + <usize>load<u16>(name);
    }
  }

  private forgetIdle(): void {
    const targets = this.targets;
    for (let i = targets.length - 1; i >= 0; i--) {
      const target = targets[i];
      if (target.declaration != null || !target.isIdle) continue;
      targets.splice(i, 1);
      target.end();
    }
    this.buckets.fill(0);
    for (let i = 0; i < targets.length; i++) this.index(i);
  }

  private index(i: i32): void {
    const id = this.targets[i].id;
    let bucket = bucketOf(id);
    while (this.buckets[bucket] != 0) bucket = (bucket + 1) & (BUCKETS - 1);
    this.buckets[bucket] = i + 1;
  }

  private search(id: usize): CapacityTarget | null {
    for (let bucket = bucketOf(id); unchecked(this.buckets[bucket]) != 0; bucket = (bucket + 1) & (BUCKETS - 1)) {
      const target = this.targets[unchecked(this.buckets[bucket]) - 1];
      if (target.is(id)) return target;
    }
    return null;
  }
}

function bucketOf(id: usize): i32 {
  return <i32>fnv1a32(id + 2, load<u16>(id)) & (BUCKETS - 1);
}

function recordUse(target: CapacityTarget): void {
  const others = slots.slot.others;
  const own = target.own;
  let reserved = 0;
  for (let rank = 0; rank < CLASSES; rank++) {
    target.series.record(rank, others.inFlight[rank] + own.inFlight[rank], others.waiting[rank] + own.waiting[rank]);
  }
  for (let group = CLASSES; group <= FORMER; group++) reserved += others.inFlight[group] + own.inFlight[group];
  target.series.recordReserved(reserved);
}

/** The offset behind the names of the classes; -1 when they are not whole. */
function endOfNames(bytes: usize, length: i32, classes: i32): i32 {
  if (classes > <i32>PRIORITY_CLASSES_MAX) return -1;
  let at = 0;
  for (let i = 0; i < classes; i++) {
    if (at + 2 > length) return -1;
    at += 2 + <i32>load<u16>(bytes + <usize>at);
  }
  return at <= length ? at : -1;
}

function areWhole(bytes: usize, from: i32, length: i32, count: i32): bool {
  if (count > <i32>CAPACITIES_MAX) return false;
  let at = from;
  for (let i = 0; i < count && at >= 0; i++) at = endOfDeclaration(bytes, at, length);
  return at == length;
}

export const capacities = new Capacities();
