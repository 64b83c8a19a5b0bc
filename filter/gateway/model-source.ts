// Where a request says its model: in its JSON body, in the path, in the header `x-sluice-model`, in a multipart form. It says
// how much of the body has to be there before the steps can run, and hands them the name.
//
//   JSON body              all of it
//   form                   as far as the model; nothing where path or header name it
//   unknown operation      all of its JSON; nothing where the header names it

import { ByteWriter } from "../bytes/byte-writer";
import { ErrorCode, Operation } from "../contract";
import { boundaryLength, boundaryPointer } from "../multipart/part-headers";
import { isGemini, takesForm } from "../operations";
import { FormReader } from "../policies/read-form";
import { Exchange, Outcome } from "./exchange";
import { refuse } from "./local-reply";
import { readModelInPath } from "./models";
import { modelInPath, modelInPathLength } from "./operation";
import { writePassedPath } from "./passed-path";
import { RequestHeaders } from "./request-headers";

const NAME_BYTES_MAX: i32 = 4096;

/** What of the body is awaited before the steps run. */
export enum Awaits {
  ALL,
  /** The model in a form. */
  MODEL,
  NOTHING,
}

/** Whether an operation that is not known may be passed at all: its model must be named somewhere. */
export function mayPass(headers: RequestHeaders, exchange: Exchange, endOfStream: bool): bool {
  if (headers.modelLength == 0 && (endOfStream || !headers.isJson)) return false;
  return writePassedPath(headers.pathPointer, headers.pathLength, headers.wholePathLength, exchange.passedPath);
}

export class ModelSource {
  awaits: Awaits = Awaits.ALL;
  private readonly form: FormReader = new FormReader();
  /** The model as path or header name it, percent-encoded. */
  private readonly name: ByteWriter = new ByteWriter(NAME_BYTES_MAX);

  begin(): void {
    this.awaits = Awaits.ALL;
  }

  release(): void {
    this.name.release();
  }

  /** Reads what the headers say, and makes them say what the body is. */
  take(headers: RequestHeaders, exchange: Exchange): Outcome {
    const operation = exchange.operation;
    if (namesModel(operation) || takesForm(operation)) this.name.writeBytes(modelInPath, modelInPathLength);
    if (takesForm(operation)) return this.takeForm(headers, exchange);
    if (operation == Operation.PASSED) this.takeHeader(headers);
    else headers.declareJson();
    return Outcome.NEXT;
  }

  /** Reads what is held of a form. */
  readForm(exchange: Exchange, size: i32, endOfStream: bool): Outcome {
    const scanner = this.form.scanner;
    if (!this.form.read(size)) return refuse(exchange, ErrorCode.OVERLOADED);
    if (scanner.broken) return refuse(exchange, ErrorCode.INVALID_FORM);
    if (!scanner.modelSeen) {
      if (endOfStream || scanner.ended) return refuse(exchange, ErrorCode.MISSING_MODEL);
      const fits = <u32>size <= exchange.config!.requestBodyBytesMax;
      return fits ? Outcome.NEXT : refuse(exchange, ErrorCode.FORM_WITHOUT_MODEL);
    }
    exchange.modelStart = scanner.valueStart;
    exchange.modelEnd = scanner.valueEnd;
    this.awaits = Awaits.NOTHING;
    return Outcome.NEXT;
  }

  /** Whether path or header name it, so that no step has to look for it in the body. */
  isNamed(exchange: Exchange): bool {
    return namesModel(exchange.operation) || this.name.length > 0;
  }

  /** Hands the steps the name, if it is not theirs to find. */
  give(exchange: Exchange): Outcome {
    if (this.isNamed(exchange)) return readModelInPath(exchange, this.name);
    if (!exchange.isForm) return Outcome.NEXT;
    const model = this.form.scanner.value;
    if (this.awaits == Awaits.MODEL) return refuse(exchange, ErrorCode.MISSING_MODEL);
    if (model.overflow) return refuse(exchange, ErrorCode.MODEL_NOT_FOUND);
    exchange.modelPointer = model.pointer;
    exchange.modelLength = model.length;
    return Outcome.NEXT;
  }

  private takeForm(headers: RequestHeaders, exchange: Exchange): Outcome {
    if (!headers.isForm) return refuse(exchange, ErrorCode.INVALID_FORM);
    exchange.isForm = true;
    exchange.formLength = headers.contentLength;
    this.form.begin(boundaryPointer, boundaryLength);
    this.awaits = this.name.length > 0 ? Awaits.NOTHING : Awaits.MODEL;
    this.takeHeader(headers);
    return this.form.scanner.broken ? refuse(exchange, ErrorCode.INVALID_FORM) : Outcome.NEXT;
  }

  private takeHeader(headers: RequestHeaders): void {
    if (headers.modelLength == 0) return;
    this.name.reset().writeBytes(headers.modelPointer, headers.modelLength);
    this.awaits = Awaits.NOTHING;
  }
}

/** Operations whose path always has a model. */
function namesModel(operation: Operation): bool {
  return operation == Operation.MODELS_GET || isGemini(operation);
}
