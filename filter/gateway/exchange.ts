// One request on its way through the gateway root: what the steps read and write. Pooled with its stream context.
// Pointers into headers and body are valid only during the callback that set them.

import { ByteWriter } from "../bytes/byte-writer";
import { queue } from "../capacity/queue";
import { FilterConfig } from "../config/filter-config";
import { Operation, Protocol, TARGETS_MAX, UsageAsk } from "../contract";
import { UNCAPPED } from "../json/envelope";
import { JsonToken } from "../json/token";
import { Lease } from "../state/lease";
import { Account, closeAccount, MODEL_BYTES_MAX, openAccount } from "../usage/account";

/** anthropic-version, anthropic-beta, openai-beta */
export const DIALECT_HEADERS: i32 = 3;
const PASSED_PATH_BYTES_MAX: i32 = 4 * 1024;
const DIALECT_HEADERS_BYTES_MAX: i32 = 8 * 1024;
const ROUTING_HEADERS_BYTES_MAX: i32 = 16 * 1024;

/** What a step decides. */
export enum Outcome {
  NEXT = 0,
  /** The client has its answer (a local reply); nothing further runs. */
  ANSWERED = 1,
  /** The request is held; it is in the waiting room that the step has named in `exchange.waitsIn`. All steps run again when it is resumed. */
  WAITING = 2,
}

/** Lets a request go on that a step has made wait. Call from a callback of the root context. */
export abstract class Resumption {
  abstract resume(): void;
}

/** Where requests wait until a step can decide. */
export abstract class WaitingRoom {
  /** Its client went away. */
  abstract leave(exchange: Exchange): void;
}

export class Exchange {
  /** Its stream's; never null. */
  resumption: Resumption | null = null;
  /** Not null while a step waits. */
  waitsIn: WaitingRoom | null = null;
  /** The next one in the same room. */
  nextWaiting: Exchange | null = null;
  config: FilterConfig | null = null;
  lease: Lease | null = null;
  protocol: Protocol = Protocol.OPENAI;
  operation: Operation = Operation.UNKNOWN;
  /** `DIALECT_HEADERS` str16 for the plan; empty when the client sent none of them. */
  readonly dialectHeaders: ByteWriter = new ByteWriter(DIALECT_HEADERS_BYTES_MAX);

  body: usize = 0;
  bodyLength: i32 = 0;
  /** The most that the client lets each answer have, in tokens, and how many answers it wants; UNCAPPED = it does not say. */
  outputCap: i64 = UNCAPPED;
  choices: i64 = 1;
  /** Behind the brace that opens the body, and behind that of its "generationConfig"; 0 = there is none, -1 = it is no object. */
  bodyStart: i32 = 0;
  generationConfigStart: i32 = 0;
  streaming: bool = false;
  streamUsage: bool = false;
  /** How the body of a stream that tells no usage is made to ask for it, and which bytes of it that takes the place of. */
  usageAsk: UsageAsk = UsageAsk.NONE;
  usageAskStart: i32 = 0;
  usageAskEnd: i32 = 0;
  /** The body is a multipart form, of which this length was announced; -1 = none was. */
  isForm: bool = false;
  formLength: i64 = -1;
  /** Path and query of an operation that the filter does not know, behind the version; empty for all others. */
  readonly passedPath: ByteWriter = new ByteWriter(PASSED_PATH_BYTES_MAX);
  /** The model's JSON string in the body, quotes included; of a form its value. 0 = it is named elsewhere. */
  modelStart: u32 = 0;
  modelEnd: u32 = 0;
  /** The model's name as UTF-8, unescaped. */
  modelPointer: usize = 0;
  modelLength: i32 = 0;
  /** `previous_response_id`: the kind of its value, and a string's raw content. */
  previousResponseKind: JsonToken = JsonToken.NONE;
  previousResponse: usize = 0;
  previousResponseLength: i32 = 0;
  /** Model route, as a handle of `config`. */
  route: usize = 0;
  /** Open from the moment that the steps run until the exchange is over. */
  account: Account | null = null;
  /** The record of the only target that holds what the request continues; 0 = any target of the route will do. */
  pinnedTarget: usize = 0;
  /** Values of the headers that rules ask for, in the order of the configuration's list: a byte, 1 = it is there, and a str16. */
  readonly routingHeaders: ByteWriter = new ByteWriter(ROUTING_HEADERS_BYTES_MAX);
  /** Records of the targets that can serve it, in the order of the attempts. */
  readonly targets: StaticArray<usize> = new StaticArray<usize>(TARGETS_MAX);
  targetCount: i32 = 0;

  begin(config: FilterConfig): void {
    this.config = config.retain();
    this.lease = null;
    this.operation = Operation.UNKNOWN;
    this.protocol = Protocol.OPENAI;
    this.streaming = false;
    this.streamUsage = false;
    this.outputCap = UNCAPPED;
    this.choices = 1;
    this.bodyStart = 0;
    this.usageAsk = UsageAsk.NONE;
    this.isForm = false;
    this.formLength = -1;
    this.modelStart = 0;
    this.modelEnd = 0;
    this.modelLength = 0;
    this.bodyLength = 0;
    this.route = 0;
    this.pinnedTarget = 0;
    this.targetCount = 0;
  }

  /** A header of the client's that rules ask for, as a str16; 0 = it was not sent. */
  routingHeader(index: i32): usize {
    let at = this.routingHeaders.pointer;
    const end = at + <usize>this.routingHeaders.length;
    for (let i = 0; i < index && at < end; i++) at += 3 + <usize>load<u16>(at, 1);
    return at < end && load<u8>(at) != 0 ? at + 1 : 0;
  }

  /** Forward in the order of the attempts. */
  moveTarget(from: i32, to: i32): void {
    const record = this.targets[from];
    for (let i = from; i > to; i--) this.targets[i] = this.targets[i - 1];
    this.targets[to] = record;
  }

  /** From here on what happens is accounted for, if it is known who asks. Lists of models cost nothing. */
  openAccount(startedMs: u64): void {
    const lease = this.lease;
    if (lease == null || !lease.granted || this.account != null) return;
    if (this.operation == Operation.MODELS_LIST || this.operation == Operation.MODELS_GET) return;
    this.account = openAccount(this.config!, lease, startedMs);
  }

  /** Call when the steps have run: what they found out does not outlast the callback. */
  describeAccount(): void {
    const account = this.account;
    if (account == null) return;
    account.protocol = this.protocol;
    account.operation = this.operation;
    account.streaming = this.streaming;
    account.route = this.route;
    account.requestBytes = this.isForm ? max<i64>(this.formLength, 0) : this.bodyLength;
    account.model.writeBytes(this.modelPointer, min(this.modelLength, MODEL_BYTES_MAX));
  }

  endAccount(): void {
    const room = this.waitsIn;
    if (room != null) room.leave(this);
    this.waitsIn = null;
    const account = this.account;
    if (account == null) return;
    const hadRoom = account.admission != null;
    closeAccount(account);
    this.account = null;
    if (hadRoom) queue.serve();
  }

  /** Lets go of everything that is not the pool's own. */
  end(): void {
    this.dialectHeaders.release();
    this.routingHeaders.release();
    this.passedPath.release();
    const config = this.config;
    if (config != null) config.release();
    this.config = null;
    this.lease = null;
    this.endAccount();
  }
}

/** Every policy is one of these: it reads the exchange and lets it go on, or answers the client. */
export type Step = (exchange: Exchange) => Outcome;
