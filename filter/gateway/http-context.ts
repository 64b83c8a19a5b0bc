// One client request at the downstream side. Headers: what operation, whose key, nothing else passes. Body: held until
// its end, then the steps run in order; the first that answers ends the exchange. Replies pass untouched.
//
//   headers ─▶ lease known? ─ yes ─▶ body … end ─▶ steps ─▶ route
//                   └─ no ─▶ callout ─▶ leaseArrived ─┘   (whichever of the two comes last runs the steps)
//
// Of a form no more of the body is awaited than says the model, and nothing where path or header say it.

import { ByteWriter } from "../bytes/byte-writer";
import { FilterConfig } from "../config/filter-config";
import {
  ErrorCode,
  HEADER_ERROR,
  HEADER_ERROR_LENGTH,
  HEADER_REVISION,
  HEADER_REVISION_LENGTH,
  Operation,
} from "../contract";
import { parseInteger } from "../json/text";
import { identify } from "../policies/identify";
import { writeLimitHeaders } from "../quota/limit-headers";
import {
  Action,
  actAs,
  BufferKind,
  continueRequest,
  getBuffer,
  getHeader,
  HeaderMap,
  hostLength,
  hostPointer,
  Literal,
  memoryAllows,
  nowMs,
  StreamContext,
  setHeader,
  utf8,
} from "../sdk";
import { Lease } from "../state/lease";
import { LeaseWaiter, leases } from "../state/lease-client";
import { requestsTotal } from "../telemetry/metrics";
import { emitExchange } from "../usage/emit";
import { credentialProblem, NO_PROBLEM } from "./credential";
import { Exchange, Outcome, Resumption } from "./exchange";
import { refuse } from "./local-reply";
import { Awaits, ModelSource, mayPass } from "./model-source";
import { errorOf, operationOf, protocolOf, streamInPath, UNKNOWN_PATH } from "./operation";
import { RequestHeaders, stripRequestTrailers } from "./request-headers";
import { readsBody, stepsOf } from "./steps";

const STATUS = utf8(":status");
const ERROR = new Literal(HEADER_ERROR, HEADER_ERROR_LENGTH);
const REVISION = new Literal(HEADER_REVISION, HEADER_REVISION_LENGTH);
/** Copies of a body that exist at once: Envoy's, ours, and a translated one. */
const BODY_COPIES: usize = 3;

const headers = new RequestHeaders();
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

class StreamResumption extends Resumption {
  constructor(private readonly stream: GatewayStream) {
    super();
  }

  resume(): void {
    this.stream.resume();
  }
}

export class GatewayStream extends StreamContext {
  private readonly exchange: Exchange = new Exchange();
  private phase: Phase = Phase.UNREADY;
  private waiting: bool = false;
  private bodyEnded: bool = false;
  private bodySize: i32 = 0;
  /** Unix ms */
  private startedMs: u64 = 0;
  private readonly model: ModelSource = new ModelSource();
  private waiter: StreamLeaseWaiter | null = null;

  begin(config: FilterConfig | null): GatewayStream {
    this.phase = Phase.UNREADY;
    this.waiting = false;
    this.bodyEnded = false;
    this.bodySize = 0;
    this.model.begin();
    if (config == null) return this;
    const exchange = this.exchange;
    if (exchange.resumption == null) exchange.resumption = new StreamResumption(this);
    exchange.begin(config);
    this.phase = Phase.GATHERING;
    return this;
  }

  onRequestHeaders(count: i32, endOfStream: bool): Action {
    requestsTotal.add(1);
    this.startedMs = nowMs();
    const exchange = this.exchange;
    headers.readAndStrip(exchange);
    let operation = operationOf(headers.methodPointer, headers.methodLength, headers.pathPointer, headers.pathLength);
    exchange.protocol = protocolOf(
      operation,
      headers.pathPointer,
      headers.pathLength,
      headers.hasAnthropicVersion,
      headers.hasGoogleKey,
    );
    if (this.phase == Phase.UNREADY) return this.refuse(ErrorCode.NOT_READY);
    if (headers.wantsUpgrade) return this.refuse(ErrorCode.REALTIME_NOT_SUPPORTED);
    if (operation == UNKNOWN_PATH && mayPass(headers, exchange, endOfStream)) operation = Operation.PASSED;
    if (operation < 0) return this.refuse(errorOf(operation));
    exchange.operation = operation;
    const problem = credentialProblem(headers, exchange.protocol);
    if (problem != NO_PROBLEM) return this.refuse(problem);
    exchange.streaming = streamInPath;
    if (streamInPath && !headers.asksForEvents) return this.refuse(ErrorCode.STREAM_WITHOUT_SSE);
    if (this.model.take(headers, exchange) == Outcome.ANSWERED) return this.stop();
    if (this.model.awaits == Awaits.ALL && headers.contentLength > <i64>exchange.config!.requestBodyBytesMax) {
      return this.refuse(ErrorCode.BODY_TOO_LARGE);
    }
    headers.writeDialectHeaders(exchange.dialectHeaders);
    if (!this.findLease()) return Action.PAUSE;
    if (endOfStream) return this.bodyEnds();
    return this.model.awaits == Awaits.NOTHING && !this.isHeld ? this.runSteps() : Action.PAUSE;
  }

  onRequestBody(size: i32, endOfStream: bool): Action {
    if (this.phase == Phase.SENT) return Action.CONTINUE;
    if (this.phase != Phase.GATHERING) return Action.PAUSE;
    if (this.model.awaits == Awaits.MODEL) return this.readForm(size, endOfStream);
    if (this.model.awaits == Awaits.NOTHING) return this.waitToPass(endOfStream);
    if (<u32>size > this.exchange.config!.requestBodyBytesMax) return this.refuse(ErrorCode.BODY_TOO_LARGE);
    if (!memoryAllows(<usize>size * BODY_COPIES)) return this.refuse(ErrorCode.OVERLOADED);
    this.bodySize = size;
    return endOfStream ? this.bodyEnds() : Action.PAUSE;
  }

  onRequestTrailers(count: i32): Action {
    stripRequestTrailers();
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
    const account = this.exchange.account;
    if (account != null && account.reservation != null) writeLimitHeaders(account.reservation!);
    return Action.CONTINUE;
  }

  /** The account of what an attempt answered is complete; of Envoy's own replies only the headers tell. */
  onLog(): void {
    const account = this.exchange.account;
    if (account == null) return;
    let status = account.status;
    let error: usize = 0;
    let errorLength = 0;
    if (status == 0 && getHeader(HeaderMap.RESPONSE, STATUS)) {
      status = <i32>parseInteger(hostPointer(), hostLength());
      if (getHeader(HeaderMap.RESPONSE, ERROR)) {
        error = hostPointer();
        errorLength = hostLength();
      }
    }
    emitExchange(account, status, error, errorLength);
    this.exchange.endAccount();
  }

  onDelete(): void {
    if (this.waiting) leases.forget(this.waiter!);
    this.waiting = false;
    this.model.release();
    this.exchange.end();
    pool.push(this);
  }

  leaseArrived(lease: Lease | null): void {
    this.waiting = false;
    if (!actAs(this.id)) return;
    this.exchange.lease = lease;
    if (!this.bodyEnded && this.model.awaits != Awaits.NOTHING && lease != null) return;
    // Without a lease nothing can be done with the rest of the body: answer now.
    if (this.runSteps() == Action.CONTINUE) continueRequest();
  }

  /** What a step has waited for is there, or will not come. */
  resume(): void {
    this.exchange.waitsIn = null;
    if (actAs(this.id) && this.runSteps() == Action.CONTINUE) continueRequest();
  }

  /** For the lease, or in a waiting room. */
  private get isHeld(): bool {
    return this.waiting || this.exchange.waitsIn != null;
  }

  /** False when the request was refused. Afterwards the lease is there, or on its way. */
  private findLease(): bool {
    const lease = leases.find(headers.keyPointer, headers.keyLength, this.startedMs);
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

  /** Held until the model is there. */
  private readForm(size: i32, endOfStream: bool): Action {
    if (this.model.readForm(this.exchange, size, endOfStream) == Outcome.ANSWERED) return this.stop();
    return this.model.awaits == Awaits.NOTHING ? this.waitToPass(endOfStream) : Action.PAUSE;
  }

  /** Nothing more of the body is needed, but perhaps the lease. */
  private waitToPass(endOfStream: bool): Action {
    this.bodyEnded = endOfStream;
    return this.isHeld ? Action.PAUSE_READING : this.runSteps();
  }

  private bodyEnds(): Action {
    this.bodyEnded = true;
    return this.isHeld ? Action.PAUSE : this.runSteps();
  }

  private runSteps(): Action {
    const exchange = this.exchange;
    if (this.model.give(exchange) == Outcome.ANSWERED) return this.stop();
    const steps = stepsOf(exchange, this.model.isNamed(exchange));
    exchange.openAccount(this.startedMs);
    if (readsBody(steps) && !this.readBody()) return this.refuse(ErrorCode.OVERLOADED);
    let outcome = Outcome.NEXT;
    for (let i = 0; i < steps.length && outcome == Outcome.NEXT; i++) outcome = unchecked(steps[i])(exchange);
    if (outcome == Outcome.WAITING) return Action.PAUSE;
    exchange.describeAccount();
    if (outcome == Outcome.ANSWERED) return this.stop();
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
