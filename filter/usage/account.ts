// The account of one exchange: who asked for what, and what each attempt at it used. The gateway root opens it with the plan and
// closes it when the exchange is over; the target root of an attempt finds it by the plan's ticket and writes as things happen,
// so that it is true at any moment, also when the client goes away. No ticket is given twice: an attempt that comes too late, or
// that belongs to another VM, finds nothing and is not counted here.

import { ByteWriter } from "../bytes/byte-writer";
import { FilterConfig } from "../config/filter-config";
import { TARGETS_MAX } from "../contract";
import { MemberScanner } from "../json/member-scanner";
import { nowMs } from "../sdk";
import { Lease } from "../state/lease";
import { randomBytes } from "../state/random";
import { OutputEstimate } from "./output-estimate";
import { UsageReader } from "./usage-reader";

/** What an event holds of a model's name. */
export const MODEL_BYTES_MAX: i32 = 256;

/** As many attempts as a plan can have. */
const ATTEMPT_LINES_BYTES_MAX: i32 = 64 * 1024;

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

  /** Events of attempts that were given up, a line each, for the access log. */
  readonly attemptLines: ByteWriter = new ByteWriter(ATTEMPT_LINES_BYTES_MAX);
  attempts: i32 = 0;
  attempt: Attempt = Attempt.NONE;
  /** The current attempt's target record; 0 = none was tried. */
  target: usize = 0;
  attemptStartedMs: u64 = 0;
  /** The provider's reply came to its proper end. */
  complete: bool = false;
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
    // The first one begins with the exchange: a clock that is not read.
    this.attemptStartedMs = this.attempts == 1 ? this.startedMs : nowMs();
    this.complete = false;
    this.reader.begin(dialect);
    this.estimate.reset();
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
  account.attempts = 0;
  account.attempt = Attempt.NONE;
  account.target = 0;
  account.complete = false;
  account.reader.begin(0);
  account.estimate.reset();
  return account;
}

export function closeAccount(account: Account): void {
  account.ticket = 0;
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
