// May this consumer call this model? The lease says.

import { ErrorCode } from "../contract";
import { Exchange, Outcome } from "../gateway/exchange";
import { refuse } from "../gateway/local-reply";

export function authorise(exchange: Exchange): Outcome {
  if (exchange.lease!.allowsModel(exchange.modelPointer, exchange.modelLength)) return Outcome.NEXT;
  return refuse(exchange, ErrorCode.MODEL_NOT_ALLOWED);
}
