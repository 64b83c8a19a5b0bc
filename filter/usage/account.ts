// The account of one exchange: who asked for what, and what each attempt at it used. The gateway root opens it with the plan and
// closes it when the exchange is over; the target root of an attempt finds it by the plan's ticket and writes as things happen,
// so that it is true at any moment, also when the client goes away. No ticket is given twice: an attempt that comes too late, or
// that belongs to another VM, finds nothing and is not counted here.

import { ByteWriter } from "../bytes/byte-writer";
import { Admission, giveAdmission } from "../capacity/admission";
import { capacities } from "../capacity/capacities";
import { giveBack, move } from "../capacity/room";
import { FilterConfig } from "../config/filter-config";
import { TARGETS_MAX } from "../contract";
import { MemberScanner } from "../json/member-scanner";
import { settle } from "../quota/quota";
import { giveReservation, Reservation } from "../quota/reservation";
import { nowMs } from "../sdk";
import { Lease } from "../state/lease";
import { monotonicMs } from "../state/monotonic";
import { randomBytes } from "../state/random";
import { OutputEstimate } from "./output-estimate";
import { UsageReader } from "./usage-reader";

/** What an event holds of a model's name. */
export const MODEL_BYTES_MAX: i32 = 256;

/** As many attempts as a plan can have. */
const ATTEMPT_LINES_BYTES_MAX: i32 = 64 * 1024;

/** No error ends the stream: it goes on. */
export const UNCUT: i32 = -1;

/** Where the current attempt is. */
export enum Attempt {
  NONE = 0,
  /** Sent, and nothing is decided. */
  OPEN = 1,
  /** Its reply is what the client gets. */
  ANSWERED = 2,
  /** Given up, with an event of its own. */
  ABANDONED = 3,
}

export class Account {
  /** 0 = closed. */
  ticket: u64 = 0;

  config: FilterConfig | null = null;
  lease: Lease | null = null;
  protocol: i32 = 0;
  operation: i32 = 0;
  streaming: bool = false;
  /** Model route, as a handle of `config`; 0 = none was found. */
  route: usize = 0;
  /** As the client named it, UTF-8. */
  readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  requestBytes: i64 = 0;
  /** Unix ms; 0 = not yet. */
  startedMs: u64 = 0;
  firstContentMs: u64 = 0;
  /** What the client gets; 0 = nothing yet. */
  status: i32 = 0;
  /** Number in the enumeration ErrorCode of an error that the gateway gave; -1 = none. */
  error: i32 = -1;

  /** Target records of `config`, in the plan's order. */
  readonly targets: StaticArray<usize> = new StaticArray<usize>(TARGETS_MAX);
  targetCount: i32 = 0;
  /** Others may serve it too: a target that fails is left for a while. */
  hasAlternatives: bool = false;
  /** Some target was out when it was planned. */
  sawOuts: bool = false;

  /** Events of attempts that were given up, a line each, for the access log. */
  readonly attemptLines: ByteWriter = new ByteWriter(ATTEMPT_LINES_BYTES_MAX);
  attempts: i32 = 0;
  attempt: Attempt = Attempt.NONE;
  /** The current attempt's target record; 0 = none was tried. */
  target: usize = 0;
  attemptStartedMs: u64 = 0;
  /** The provider may have seen the current attempt: there was a connection for it. */
  sent: bool = true;
  /** The provider's reply came to its proper end. */
  complete: bool = false;
  /** What is set aside of the budgets that count the exchange; null where there are none. */
  reservation: Reservation | null = null;
  /** Its place at a target with declared capacity; null where there is none. */
  admission: Admission | null = null;
  /** Tokens of output, by the estimate, from which on a stream may have to be ended because a budget is spent. */
  cutAt: i64 = i64.MAX_VALUE;
  readonly reader: UsageReader = new UsageReader();
  readonly estimate: OutputEstimate = new OutputEstimate();
  readonly scanner: MemberScanner = new MemberScanner();

  constructor(readonly index: i32) {}

  addTarget(record: usize): void {
    if (this.targetCount < <i32>TARGETS_MAX) unchecked((this.targets[this.targetCount++] = record));
  }

  beginAttempt(position: i32, dialect: i32): void {
    this.attempts++;
    this.attempt = Attempt.OPEN;
    this.target = position < this.targetCount ? this.targets[position] : 0;
    const admission = this.admission;
    if (admission != null && this.target != 0 && this.target != admission.record) this.moveAdmission(admission);
    // The first one begins with the exchange: a clock that is not read.
    this.attemptStartedMs = this.attempts == 1 ? this.startedMs : nowMs();
    this.complete = false;
    this.sent = true;
    this.reader.begin(dialect);
    this.estimate.reset();
  }

  private moveAdmission(admission: Admission): void {
    move(admission, capacities.find(this.config!.targetId(this.target)), monotonicMs());
    admission.record = this.target;
  }
}

/** By index; as many as there ever were exchanges at once. */
const accounts: Account[] = [];
const closed: Account[] = [];
let lastTicket: u64 = 0;

export function openAccount(config: FilterConfig, lease: Lease, startedMs: u64): Account {
  let account: Account;
  if (closed.length > 0) {
    account = closed.pop();
  } else {
    account = new Account(accounts.length);
    accounts.push(account);
  }
  account.ticket = nextTicket();
  account.config = config.retain();
  account.lease = lease;
  account.startedMs = startedMs;
  account.firstContentMs = 0;
  account.model.reset();
  account.attemptLines.reset();
  account.route = 0;
  account.status = 0;
  account.error = -1;
  account.targetCount = 0;
  account.hasAlternatives = false;
  account.sawOuts = false;
  account.attempts = 0;
  account.attempt = Attempt.NONE;
  account.target = 0;
  account.complete = false;
  account.cutAt = i64.MAX_VALUE;
  account.reader.begin(0);
  account.estimate.reset();
  return account;
}

export function closeAccount(account: Account): void {
  account.ticket = 0;
  const reservation = account.reservation;
  if (reservation != null) {
    settle(reservation);
    giveReservation(reservation);
  }
  account.reservation = null;
  const admission = account.admission;
  if (admission != null) {
    giveBack(admission, monotonicMs());
    giveAdmission(admission);
  }
  account.admission = null;
  account.config!.release();
  account.config = null;
  account.lease = null;
  closed.push(account);
}

/** Null when it is closed, or was never one of this VM's. */
export function findAccount(index: u32, ticket: u64): Account | null {
  if (ticket == 0 || index >= <u32>accounts.length) return null;
  const account = unchecked(accounts[index]);
  return account.ticket == ticket ? account : null;
}

/** Begins anywhere, so that two VMs do not give the same ones. */
function nextTicket(): u64 {
  if (lastTicket == 0) {
    const place = memory.data(8);
    randomBytes(place, 8);
    lastTicket = load<u64>(place) >> 1;
  }
  return ++lastTicket;
}
