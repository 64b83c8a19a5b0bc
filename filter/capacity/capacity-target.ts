// What one worker knows of a target with declared capacity: the declaration, its own requests there, and those that wait.

import { equalBytes } from "../bytes/compare";
import { CapacitySeries } from "../telemetry/capacity-metrics";
import { Admission } from "./admission";
import { CLASSES, Declaration, GROUPS, NO_GROUP } from "./declaration";
import { Lane } from "./lane";
import { Place, slots } from "./shared-slots";
import { FORMER, Tally } from "./slot";

export class CapacityTarget {
  /** Null once the target has no declared capacity any more. */
  declaration: Declaration | null = null;
  private before: Declaration | null = null;
  readonly own: Tally = new Tally();
  readonly lanes: Lane[] = [];
  /** Changes whenever numbers of groups mean other tenants than before. */
  generation: i32 = 0;
  readonly place: Place;
  /** str16 */
  readonly id: usize;
  readonly series: CapacitySeries;

  /** `id` is a str16. */
  constructor(id: usize) {
    const bytes: usize = 2 + <usize>load<u16>(id);
    const copy = heap.alloc(bytes);
    memory.copy(copy, id, bytes);
    this.id = copy;
    this.place = new Place(id);
    this.series = new CapacitySeries(copy);
  }

  is(id: usize): bool {
    return equalBytes(this.id + 2, load<u16>(this.id), id + 2, load<u16>(id));
  }

  /** Until it is declared again. */
  retire(): void {
    this.before = this.declaration;
    this.declaration = null;
  }

  /** While the record of the declaration before is still there. */
  adopt(declaration: Declaration): void {
    const before = this.before;
    this.declaration = declaration;
    if (before == null || before.numbersLike(declaration)) return;
    this.generation++;
    const inFlight = this.own.inFlight;
    for (let group = CLASSES; group < GROUPS; group++) {
      inFlight[FORMER] += inFlight[group];
      inFlight[group] = 0;
    }
  }

  /** Nothing of it may be used any more. */
  end(): void {
    this.series.flush();
    heap.free(this.id);
  }

  get isIdle(): bool {
    return this.own.isIdle;
  }

  /** Hands this worker's own numbers to the others. */
  publish(nowMs: i64): void {
    while (slots.open(this.place, nowMs)) if (slots.save(this.own, nowMs)) return;
  }

  /** Requests of one class wait in a lane, those of each tenant with a share of its own in a lane of theirs. */
  laneOf(rank: i32, tenantGroup: i32): Lane {
    for (let i = 0; i < this.lanes.length; i++) {
      const lane = unchecked(this.lanes[i]);
      if (lane.rank == rank && lane.tenantGroup == tenantGroup) return lane;
    }
    const lane = new Lane(rank, tenantGroup);
    this.lanes.push(lane);
    return lane;
  }

  /** Whether others with the same claim already wait here. */
  isQueued(admission: Admission): bool {
    for (let i = 0; i < this.lanes.length; i++) {
      const lane = unchecked(this.lanes[i]);
      if (lane.rank != admission.rank || lane.first == null) continue;
      if (lane.tenantGroup == this.tenantGroupOf(admission.tenant)) return true;
    }
    return false;
  }

  /** Call when the first of a lane changed. */
  noteOldest(rank: i32): void {
    let oldest = i64.MAX_VALUE;
    for (let i = 0; i < this.lanes.length; i++) {
      const lane = unchecked(this.lanes[i]);
      if (lane.rank == rank) oldest = min(oldest, lane.firstArrivedMs);
    }
    this.own.oldestMs[rank] = oldest;
  }

  /** NO_GROUP for a tenant without a share of its own. */
  tenantGroupOf(tenant: usize): i32 {
    const declaration = this.declaration;
    return declaration == null ? NO_GROUP : declaration.groupOf(tenant);
  }
}
