// May this key call this model, and in this way? The lease says.

import { ErrorCode, Operation } from "../contract";
import { Exchange, Outcome } from "../gateway/exchange";
import { refuse } from "../gateway/local-reply";

export function authorise(exchange: Exchange): Outcome {
  if (!exchange.lease!.allowsOperation(exchange.operation)) return refuse(exchange, ErrorCode.OPERATION_NOT_ALLOWED);
  if (exchange.lease!.allowsModel(exchange.modelPointer, exchange.modelLength)) return Outcome.NEXT;
  // Who asks what a model is gets what the list says: there is none.
  if (exchange.operation == Operation.MODELS_GET) return refuse(exchange, ErrorCode.MODEL_NOT_FOUND);
  return refuse(exchange, ErrorCode.MODEL_NOT_ALLOWED);
}
