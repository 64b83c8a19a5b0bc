// Which targets of the model route can serve the request, and in which order: as the route has them, what the tenant prefers in front.

import { ErrorCode } from "../contract";
import { Exchange, Outcome } from "../gateway/exchange";
import { refuse } from "../gateway/local-reply";
import { canServe } from "../operations";
import { covers, Lease } from "../state/lease";

export function orderTargets(exchange: Exchange): Outcome {
  const config = exchange.config!;
  const route = exchange.route;
  exchange.targetCount = 0;
  for (let i = 0; i < config.routeTargetCount(route); i++) {
    const record = config.routeTarget(route, i);
    if (serves(record, exchange)) exchange.targets[exchange.targetCount++] = record;
  }
  if (exchange.targetCount > 1) prefer(exchange, exchange.lease!);
  return exchange.targetCount > 0 ? Outcome.NEXT : refuse(exchange, ErrorCode.OPERATION_NOT_SUPPORTED);
}

/** Moves those in front whose model the tenant prefers, in the tenant's order; among equals the route's order stays. */
function prefer(exchange: Exchange, lease: Lease): void {
  let place = 0;
  let pattern = lease.firstPreference;
  for (let left = lease.preferenceCount; left > 0; left--) {
    for (let i = place; i < exchange.targetCount; i++) {
      const model = exchange.config!.targetModel(exchange.targets[i]);
      if (covers(pattern + 2, load<u16>(pattern), model + 2, load<u16>(model))) exchange.moveTarget(i, place++);
    }
    pattern += 2 + <usize>load<u16>(pattern);
  }
}

/** A target record's dialect is its third byte. */
export function serves(record: usize, exchange: Exchange): bool {
  if (exchange.pinnedTarget != 0) return record == exchange.pinnedTarget;
  return canServe(load<u8>(record, 2), exchange.operation, exchange.protocol);
}
