// Is there room for this at a target? A target with declared capacity that has none is left for the next one of the plan; where none has
// any, the request waits for a while or is refused. Where no capacity is declared this does nothing.

import { Claim, takeAdmission } from "../capacity/admission";
import { capacities } from "../capacity/capacities";
import { queue } from "../capacity/queue";
import { ErrorCode } from "../contract";
import { Exchange, Outcome } from "../gateway/exchange";
import { refuseFor } from "../gateway/local-reply";
import { metersTokens } from "../operations";
import { outputOf } from "../quota/forecast";
import { monotonicMs } from "../state/monotonic";
import { capacityUnlimitedTotal } from "../telemetry/metrics";

const BYTES_A_TOKEN: i64 = 4;

export function admit(exchange: Exchange): Outcome {
  const account = exchange.account!;
  let admission = account.admission;
  if (admission == null) {
    if (capacities.isEmpty) return unlimited();
    if (!isLimited(exchange)) return Outcome.NEXT;
    const lease = exchange.lease!;
    admission = takeAdmission().begin(lease.priority, lease.tenant, likelyTokens(exchange), monotonicMs());
    account.admission = admission;
    queue.enter(exchange, admission);
  }
  switch (admission.claim) {
    case Claim.WAITING:
      return Outcome.WAITING;
    case Claim.SHED:
      return refuseFor(exchange, ErrorCode.CAPACITY_EXCEEDED, admission.retryAfterMs);
    default:
      beginWith(exchange, admission.record);
      return Outcome.NEXT;
  }
}

/** Nothing is declared, or nobody has said yet what is. */
function unlimited(): Outcome {
  if (capacities.version == 0) capacityUnlimitedTotal.add(1);
  return Outcome.NEXT;
}

function isLimited(exchange: Exchange): bool {
  for (let i = 0; i < exchange.targetCount; i++) {
    if (capacities.find(exchange.config!.targetId(exchange.targets[i])) != null) return true;
  }
  return false;
}

function likelyTokens(exchange: Exchange): i64 {
  if (!metersTokens(exchange.operation)) return 0;
  return (<i64>exchange.bodyLength + BYTES_A_TOKEN - 1) / BYTES_A_TOKEN + outputOf(exchange, false);
}

/** Those that had no room stay in the plan, for the case that the others fail. */
function beginWith(exchange: Exchange, record: usize): void {
  for (let i = 1; i < exchange.targetCount; i++) if (exchange.targets[i] == record) exchange.moveTarget(i, 0);
}
