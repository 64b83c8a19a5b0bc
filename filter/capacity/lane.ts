// Requests that wait for one target and have the same claim on it, first come first served.

import { Exchange } from "../gateway/exchange";
import { WaitingList } from "../quota/waiting-list";
import { NOBODY } from "./slot";

export class Lane {
  private readonly list: WaitingList = new WaitingList();
  /** Its first was tried in this round, and there was no room. */
  isBlocked: bool = false;

  constructor(
    readonly rank: i32,
    /** NO_GROUP: its requests have no share but their class's. */
    readonly tenantGroup: i32,
  ) {}

  get first(): Exchange | null {
    return this.list.first;
  }
  get firstArrivedMs(): i64 {
    const first = this.list.first;
    return first == null ? NOBODY : first.account!.admission!.arrivedMs;
  }

  add(exchange: Exchange): void {
    this.list.add(exchange);
  }

  remove(exchange: Exchange): bool {
    return this.list.remove(exchange);
  }

  /** The one that came last. */
  get last(): Exchange | null {
    return this.list.last;
  }
}
