// Counters of what became of requests at a target with declared capacity, by priority class.
//
//   sluice.capacity_shed_total;target=azure-eu;class=batch  ─▶  sluice_capacity_shed_total{target="azure-eu",class="batch"}

import { ByteWriter } from "../bytes/byte-writer";
import { PRIORITY_CLASSES_MAX } from "../contract";
import { LateCounter, LateGauge, LateHistogram } from "./late-metrics";

const TAGS_BYTES_MAX: i32 = 256;
/** In use of the shares that tenants have of their own: it is nobody's class. */
const RESERVED: i32 = PRIORITY_CLASSES_MAX;

class ClassSeries {
  readonly admitted: LateCounter = new LateCounter("sluice.capacity_admitted_total");
  readonly waited: LateCounter = new LateCounter("sluice.capacity_waited_total");
  readonly shed: LateCounter = new LateCounter("sluice.capacity_shed_total");
  readonly spilled: LateCounter = new LateCounter("sluice.capacity_spilled_total");
  readonly inUse: LateGauge = new LateGauge("sluice.capacity_in_use");
  readonly waiting: LateGauge = new LateGauge("sluice.capacity_waiting");
  readonly wait: LateHistogram = new LateHistogram("sluice.capacity_wait_ms");
  readonly tags: ByteWriter = new ByteWriter(TAGS_BYTES_MAX);
}

export class CapacitySeries {
  private readonly classes: ClassSeries[] = [];

  /** Pointers to str16. */
  constructor(private readonly target: usize) {
    for (let i = 0; i <= RESERVED; i++) this.classes.push(new ClassSeries());
    this.beginTags(RESERVED).writeAscii("reserved");
  }

  /** Call before anything is counted. */
  nameClass(rank: i32, name: usize): void {
    this.beginTags(rank).writeBytes(name + 2, load<u16>(name));
  }

  addAdmitted(rank: i32): void {
    unchecked(this.classes[rank]).admitted.add(1);
  }
  /** It has waited, however that ended. */
  addWaited(rank: i32, waitedMs: i64): void {
    const series = unchecked(this.classes[rank]);
    series.waited.add(1);
    series.wait.record(waitedMs, series.tags);
  }
  addShed(rank: i32): void {
    unchecked(this.classes[rank]).shed.add(1);
  }
  addSpilled(rank: i32): void {
    unchecked(this.classes[rank]).spilled.add(1);
  }

  /** Numbers of the whole Envoy. */
  record(rank: i32, inUse: i32, waiting: i32): void {
    const series = unchecked(this.classes[rank]);
    series.inUse.record(inUse, series.tags, "");
    series.waiting.record(waiting, series.tags, "");
  }

  recordReserved(inUse: i32): void {
    const series = unchecked(this.classes[RESERVED]);
    series.inUse.record(inUse, series.tags, "");
  }

  flush(): void {
    for (let i = 0; i < this.classes.length; i++) {
      const series = unchecked(this.classes[i]);
      series.admitted.flush(series.tags, "");
      series.waited.flush(series.tags, "");
      series.shed.flush(series.tags, "");
      series.spilled.flush(series.tags, "");
    }
  }

  private beginTags(index: i32): ByteWriter {
    const tags = this.classes[index].tags;
    tags.reset().writeAscii(";target=");
    tags.writeBytes(this.target + 2, load<u16>(this.target));
    tags.writeAscii(";class=");
    return tags;
  }
}
