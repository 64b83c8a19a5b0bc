// Who calls? By now the lease is here (the gateway root asked for it while the body arrived), or the control plane could
// not be asked.

import { ErrorCode, LeaseStatus } from "../contract";
import { Exchange, Outcome } from "../gateway/exchange";
import { refuse } from "../gateway/local-reply";

export function identify(exchange: Exchange): Outcome {
  const lease = exchange.lease;
  if (lease == null) return refuse(exchange, ErrorCode.CONTROL_PLANE_UNREACHABLE);
  switch (lease.status) {
    case LeaseStatus.GRANTED:
      return Outcome.NEXT;
    case LeaseStatus.EXPIRED_KEY:
      return refuse(exchange, ErrorCode.EXPIRED_API_KEY);
    case LeaseStatus.DISABLED:
      return refuse(exchange, ErrorCode.CONSUMER_DISABLED);
    default:
      return refuse(exchange, ErrorCode.INVALID_API_KEY);
  }
}
