// Requests that wait for grants, in the order in which they came.

import { Exchange } from "../gateway/exchange";

export class WaitingList {
  first: Exchange | null = null;
  last: Exchange | null = null;

  add(exchange: Exchange): void {
    exchange.nextWaiting = null;
    const last = this.last;
    if (last == null) this.first = exchange;
    else last.nextWaiting = exchange;
    this.last = exchange;
  }

  remove(exchange: Exchange): bool {
    let previous: Exchange | null = null;
    let current = this.first;
    while (current != null && current !== exchange) {
      previous = current;
      current = current.nextWaiting;
    }
    if (current == null) return false;
    if (previous == null) this.first = exchange.nextWaiting;
    else previous.nextWaiting = exchange.nextWaiting;
    if (this.last === exchange) this.last = previous;
    exchange.nextWaiting = null;
    return true;
  }
}
