// One client request at the downstream side. Headers: what operation, whose key, nothing else passes. Body: held until
// its end, then the steps run in order; the first that answers ends the exchange. Replies pass untouched.
//
//   headers ─▶ lease known? ─ yes ─▶ body … end ─▶ steps ─▶ route
//                   └─ no ─▶ callout ─▶ leaseArrived ─┘   (whichever of the two comes last runs the steps)

import { ByteWriter } from "../bytes/byte-writer";
import { FilterConfig } from "../config/filter-config";
import { ErrorCode, HEADER_REVISION, HEADER_REVISION_LENGTH, Operation, Protocol } from "../contract";
import { isApiKey } from "../crypto/api-key";
import { isGemini } from "../operations";
import { authorise } from "../policies/authorise";
import { identify } from "../policies/identify";
import { chooseModelRoute } from "../policies/model-route";
import { pinTarget } from "../policies/pin-target";
import { makePlan } from "../policies/plan";
import { readBodyAlone, readEnvelope } from "../policies/read-envelope";
import {
  Action,
  actAs,
  BufferKind,
  continueRequest,
  getBuffer,
  HeaderCursor,
  HeaderMap,
  hostPointer,
  Literal,
  memoryAllows,
  removeHeaderBytes,
  StreamContext,
  setHeader,
} from "../sdk";
import { Lease } from "../state/lease";
import { LeaseWaiter, leases } from "../state/lease-client";
import { requestsTotal } from "../telemetry/metrics";
import { Exchange, Outcome, Step } from "./exchange";
import { refuse } from "./local-reply";
import { answerModel, answerModelList, readModelInPath } from "./models";
import { errorOf, modelInPath, modelInPathLength, operationOf, protocolOf, streamInPath } from "./operation";
import { CredentialPlace, RequestHeaders } from "./request-headers";

/** What a request that is sent to a provider goes through, in this order. */
const STEPS: Step[] = [identify, readEnvelope, authorise, chooseModelRoute, pinTarget, makePlan];
/** The same where the path names the model. */
const NAMED_MODEL_STEPS: Step[] = [identify, readBodyAlone, authorise, chooseModelRoute, makePlan];
const MODEL_LIST_STEPS: Step[] = [identify, answerModelList];
const MODEL_STEPS: Step[] = [identify, authorise, chooseModelRoute, answerModel];

const REVISION = new Literal(HEADER_REVISION, HEADER_REVISION_LENGTH);
/** Copies of a body that exist at once: Envoy's, ours, and a translated one. */
const BODY_COPIES: usize = 3;
const MODEL_PATH_BYTES_MAX: i32 = 4096;

const headers = new RequestHeaders();
const trailers = new HeaderCursor();
const number = new ByteWriter(20);

/** Where a request is. */
enum Phase {
  /** No configuration: everything is refused. */
  UNREADY = 0,
  /** Waiting for the end of the body, the lease, or both. */
  GATHERING = 1,
  /** On its way to a provider. */
  SENT = 2,
  /** The filter answered; what still comes from the client is not looked at. */
  ANSWERED = 3,
}

class StreamLeaseWaiter extends LeaseWaiter {
  constructor(private readonly stream: GatewayStream) {
    super();
  }

  leaseArrived(lease: Lease | null): void {
    this.stream.leaseArrived(lease);
  }
}

export class GatewayStream extends StreamContext {
  private readonly exchange: Exchange = new Exchange();
  private phase: Phase = Phase.UNREADY;
  private waiting: bool = false;
  private bodyEnded: bool = false;
  private bodySize: i32 = 0;
  private readonly modelPath: ByteWriter = new ByteWriter(MODEL_PATH_BYTES_MAX);
  private waiter: StreamLeaseWaiter | null = null;

  begin(config: FilterConfig | null): GatewayStream {
    this.phase = Phase.UNREADY;
    this.waiting = false;
    this.bodyEnded = false;
    this.bodySize = 0;
    if (config == null) return this;
    this.exchange.begin(config);
    this.phase = Phase.GATHERING;
    return this;
  }

  onRequestHeaders(count: i32, endOfStream: bool): Action {
    requestsTotal.add(1);
    headers.readAndStrip();
    const exchange = this.exchange;
    const operation = operationOf(headers.methodPointer, headers.methodLength, headers.pathPointer, headers.pathLength);
    exchange.protocol = protocolOf(
      operation,
      headers.pathPointer,
      headers.pathLength,
      headers.hasAnthropicVersion,
      headers.hasGoogleKey,
    );
    if (this.phase == Phase.UNREADY) return this.refuse(ErrorCode.NOT_READY);
    if (operation < 0) return this.refuse(errorOf(operation));
    exchange.operation = operation;
    if (!this.checkCredential()) return Action.PAUSE;
    exchange.streaming = streamInPath;
    if (streamInPath && !headers.asksForEvents) return this.refuse(ErrorCode.STREAM_WITHOUT_SSE);
    const announced = headers.contentLength;
    if (announced > <i64>exchange.config!.requestBodyBytesMax) return this.refuse(ErrorCode.BODY_TOO_LARGE);
    headers.writeDialectHeaders(exchange.dialectHeaders);
    if (operation == Operation.MODELS_GET || isGemini(operation)) {
      this.modelPath.writeBytes(modelInPath, modelInPathLength);
    }
    if (!this.findLease()) return Action.PAUSE;
    return endOfStream ? this.bodyEnds() : Action.PAUSE;
  }

  onRequestBody(size: i32, endOfStream: bool): Action {
    if (this.phase == Phase.SENT) return Action.CONTINUE;
    if (this.phase != Phase.GATHERING) return Action.PAUSE;
    if (<u32>size > this.exchange.config!.requestBodyBytesMax) return this.refuse(ErrorCode.BODY_TOO_LARGE);
    if (!memoryAllows(<usize>size * BODY_COPIES)) return this.refuse(ErrorCode.OVERLOADED);
    this.bodySize = size;
    return endOfStream ? this.bodyEnds() : Action.PAUSE;
  }

  /** No trailer is on the allow-list. */
  onRequestTrailers(count: i32): Action {
    trailers.read(HeaderMap.REQUEST_TRAILERS);
    while (trailers.next()) {
      removeHeaderBytes(HeaderMap.REQUEST_TRAILERS, trailers.namePointer, trailers.nameLength);
    }
    if (this.phase == Phase.SENT) return Action.CONTINUE;
    return this.phase == Phase.GATHERING ? this.bodyEnds() : Action.PAUSE;
  }

  /** Also sees Envoy's own replies and the filter's. */
  onResponseHeaders(count: i32, endOfStream: bool): Action {
    const config = this.exchange.config;
    if (config != null) {
      number.reset().writeUnsigned(config.revision);
      setHeader(HeaderMap.RESPONSE, REVISION, number.pointer, number.length);
    }
    return Action.CONTINUE;
  }

  onDelete(): void {
    if (this.waiting) leases.forget(this.waiter!);
    this.waiting = false;
    this.modelPath.release();
    this.exchange.end();
    pool.push(this);
  }

  leaseArrived(lease: Lease | null): void {
    this.waiting = false;
    if (!actAs(this.id)) return;
    this.exchange.lease = lease;
    if (!this.bodyEnded && lease != null) return;
    // Without a lease nothing can be done with the rest of the body: answer now.
    if (this.runSteps() == Action.CONTINUE) continueRequest();
  }

  private checkCredential(): bool {
    const place = headers.keyPlace;
    if (place == CredentialPlace.NONE) {
      this.refuse(ErrorCode.MISSING_API_KEY);
    } else if (
      place == CredentialPlace.ELSEWHERE ||
      (place == CredentialPlace.X_API_KEY && this.exchange.protocol != Protocol.ANTHROPIC) ||
      (place == CredentialPlace.GOOGLE && this.exchange.protocol != Protocol.GEMINI)
    ) {
      this.refuse(ErrorCode.API_KEY_IN_WRONG_HEADER);
    } else if (!isApiKey(headers.keyPointer, headers.keyLength)) {
      this.refuse(ErrorCode.INVALID_API_KEY);
    } else {
      return true;
    }
    return false;
  }

  /** False when the request was refused. Afterwards the lease is there, or on its way. */
  private findLease(): bool {
    const lease = leases.find(headers.keyPointer, headers.keyLength);
    this.exchange.lease = lease;
    if (lease != null) {
      // A refused key need not send its body.
      if (identify(this.exchange) == Outcome.NEXT) return true;
      this.stop();
      return false;
    }
    if (this.waiter == null) this.waiter = new StreamLeaseWaiter(this);
    this.waiting = leases.ask(headers.keyPointer, headers.keyLength, this.waiter!);
    if (!this.waiting) this.refuse(ErrorCode.CONTROL_PLANE_UNREACHABLE);
    return this.waiting;
  }

  private bodyEnds(): Action {
    this.bodyEnded = true;
    return this.waiting ? Action.PAUSE : this.runSteps();
  }

  private runSteps(): Action {
    const exchange = this.exchange;
    let steps = STEPS;
    if (exchange.operation == Operation.MODELS_LIST) {
      steps = MODEL_LIST_STEPS;
    } else {
      if (exchange.operation == Operation.MODELS_GET) steps = MODEL_STEPS;
      else if (isGemini(exchange.operation)) steps = NAMED_MODEL_STEPS;
      if (steps != STEPS && readModelInPath(exchange, this.modelPath) == Outcome.ANSWERED) return this.stop();
      if (steps != MODEL_STEPS && !this.readBody()) return this.refuse(ErrorCode.OVERLOADED);
    }
    for (let i = 0; i < steps.length; i++) {
      if (unchecked(steps[i])(exchange) == Outcome.ANSWERED) return this.stop();
    }
    this.phase = Phase.SENT;
    return Action.CONTINUE;
  }

  /** False when the host could not hand the body over: memory is short. */
  private readBody(): bool {
    const exchange = this.exchange;
    exchange.body = 0;
    exchange.bodyLength = this.bodySize;
    if (this.bodySize == 0) return true;
    if (!getBuffer(BufferKind.REQUEST_BODY, 0, this.bodySize)) return false;
    exchange.body = hostPointer();
    return true;
  }

  private refuse(code: ErrorCode): Action {
    refuse(this.exchange, code);
    return this.stop();
  }

  private stop(): Action {
    this.phase = Phase.ANSWERED;
    return Action.PAUSE;
  }
}

/** Contexts that no stream uses; as many as were ever needed at once. */
const pool: GatewayStream[] = [];

export function takeGatewayStream(config: FilterConfig | null): GatewayStream {
  const stream = pool.length > 0 ? pool.pop() : new GatewayStream();
  return stream.begin(config);
}
