// Which model route serves the model that was asked for.

import { ErrorCode } from "../contract";
import { Exchange, Outcome } from "../gateway/exchange";
import { refuse } from "../gateway/local-reply";

export function chooseModelRoute(exchange: Exchange): Outcome {
  exchange.route = exchange.config!.findRoute(exchange.modelPointer, exchange.modelLength);
  return exchange.route != 0 ? Outcome.NEXT : refuse(exchange, ErrorCode.MODEL_NOT_FOUND);
}
