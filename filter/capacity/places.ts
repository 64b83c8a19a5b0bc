// Places in the queue of a target: so many in all, for the highest classes first, but for those that a class with a share keeps. Pure.

import { CLASSES, Declaration } from "./declaration";
import { Tally } from "./slot";

class Places {
  private declaration: Declaration | null = null;
  private own: Tally | null = null;
  private others: Tally | null = null;
  private all: i32 = 0;

  /** `others`: what waits in other workers. */
  of(declaration: Declaration, own: Tally, others: Tally): Places {
    this.declaration = declaration;
    this.own = own;
    this.others = others;
    this.all = declaration.maxWaiting;
    return this;
  }

  /** Whether one more of this class may wait; who is less important then makes place. */
  has(rank: i32): bool {
    if (this.waiting(rank) < this.kept(rank)) return true;
    let taken = 0;
    for (let i = 0; i < CLASSES; i++) {
      taken += i <= rank ? this.waiting(i) : min(this.waiting(i), this.kept(i));
    }
    return taken < this.all;
  }

  /** How many have to go. */
  get surplus(): i32 {
    let sum = 0;
    for (let i = 0; i < CLASSES; i++) sum += this.waiting(i);
    return sum - this.all;
  }

  /** How many of this class would have to go for so large a surplus, in all workers. */
  spare(rank: i32, surplus: i32): i32 {
    return min(surplus, max(this.waiting(rank) - this.kept(rank), 0));
  }

  /** This worker's part of those. */
  partOf(spare: i32, rank: i32): i32 {
    const all = this.waiting(rank);
    return all == 0 ? 0 : (spare * this.own!.waiting[rank] + all - 1) / all;
  }

  private waiting(rank: i32): i32 {
    return this.own!.waiting[rank] + this.others!.waiting[rank];
  }

  private kept(rank: i32): i32 {
    return <i32>((<i64>this.all * this.declaration!.percentOf(rank)) / 100);
  }
}

export const places = new Places();
