// What the target root tells the account of its exchange, attempt by attempt. Without an account every call does nothing.

import { ErrorCode } from "../contract";
import { attemptFailed, attemptRefused, attemptSucceeded, attemptThrottled, tagOf } from "../health/attempts";
import { countRetry } from "../health/retry-budget";
import { attemptBegins, attemptEnds } from "../health/tally";
import { judgeStream } from "../quota/cut";
import { getProperty, nowMs, utf8 } from "../sdk";
import { Account, Attempt, findAccount, UNCUT } from "./account";
import { emitAttempt } from "./emit";

/** Of the connection to the provider. */
const LOCAL_ADDRESS = utf8("upstream\0local_address");

export class Meter {
  private index: u32 = 0;
  private ticket: u64 = 0;
  /** Of the attempt's target while the attempt lasts; 0 = it is not counted. */
  private tag: u64 = 0;
  /** Whether `readPiece` wants the bytes of the reply. */
  scans: bool = false;

  /** An attempt begins. One before it that nobody has settled (reset, refused, timed out) is given up. */
  begin(index: u32, ticket: u64, position: i32, dialect: i32): void {
    this.index = index;
    this.ticket = ticket;
    this.scans = false;
    const account = this.account;
    if (account == null) return;
    if (account.attempt == Attempt.OPEN) {
      attemptFailed(account);
      emitAttempt(account, 0);
    }
    account.beginAttempt(position, dialect);
    if (account.attempts > 1) countRetry(account.attemptStartedMs);
    this.tag = account.target == 0 ? 0 : tagOf(account.target);
    if (this.tag != 0) attemptBegins(this.tag);
  }

  /** The attempt's stream is gone; call while the host still knows it. What never had a connection has cost nothing. */
  ended(): void {
    if (this.tag != 0) attemptEnds(this.tag);
    this.tag = 0;
    const account = this.account;
    if (account == null || account.attempt != Attempt.OPEN) return;
    account.sent = getProperty(LOCAL_ADDRESS.pointer, LOCAL_ADDRESS.length);
  }

  /** The reply of this attempt is not what the client gets. */
  abandoned(status: i32): void {
    const account = this.account;
    if (account == null) return;
    attemptRefused(account, status);
    if (account.attempt == Attempt.OPEN) emitAttempt(account, status);
  }

  /** The target has said that it takes no more for so long. */
  throttled(forMs: i64): void {
    const account = this.account;
    if (account != null) attemptThrottled(account, forMs);
  }

  /** The client gets this attempt's reply. */
  answered(status: i32, error: i32 = -1): void {
    const account = this.account;
    if (account == null) return;
    if (account.attempt == Attempt.OPEN && (status < 200 || status >= 300)) attemptRefused(account, status);
    account.attempt = Attempt.ANSWERED;
    account.status = status;
    if (error >= 0 || status >= 400) account.error = error >= 0 ? error : ErrorCode.UPSTREAM_ERROR;
  }

  /** The reply that the client gets is an error of the gateway's, or ends in one. */
  failed(error: ErrorCode): void {
    const account = this.account;
    if (account != null) account.error = error;
  }

  /** The first content is on its way. */
  firstContent(): void {
    const account = this.account;
    if (account == null) return;
    account.firstContentMs = nowMs();
    attemptSucceeded(account);
  }

  /** A whole reply of the provider. */
  readReply(body: usize, length: i32): void {
    const account = this.account;
    if (account == null) return;
    account.reader.readReply(body, length);
    if (!account.reader.told) account.estimate.take(body, length);
  }

  /** The same of one that `readTop` has just read. */
  takeReply(body: usize, length: i32): void {
    const account = this.account;
    if (account == null) return;
    account.reader.take();
    if (!account.reader.told) account.estimate.take(body, length);
  }

  /** The data of one event of the provider's stream. */
  readEvent(data: usize, length: i32): void {
    const account = this.account;
    if (account == null) return;
    account.reader.readEvent(data, length);
    account.estimate.take(data, length);
  }

  /** The error to end the stream with because a budget is spent; UNCUT when it may go on. */
  judge(contextId: u32): i32 {
    const account = this.account;
    return account == null || account.estimate.tokens < account.cutAt ? UNCUT : judgeStream(account, contextId);
  }

  /** A long reply of JSON that passes in pieces: call `beginPieces` first. */
  beginPieces(): void {
    const account = this.account;
    this.scans = account != null;
    if (account != null) account.scanner.begin(account.reader.memberName);
  }

  readPiece(bytes: usize, length: i32): void {
    const account = this.scans ? this.account : null;
    if (account == null) return;
    const scanner = account.scanner;
    scanner.take(bytes, length);
    if (!scanner.found) return;
    this.scans = false;
    account.reader.readMember(scanner.value.pointer, scanner.value.length);
  }

  /** The provider's reply, or its stream, came to its proper end. */
  completed(): void {
    const account = this.account;
    if (account == null) return;
    account.complete = true;
    attemptSucceeded(account);
  }

  private get account(): Account | null {
    return findAccount(this.index, this.ticket);
  }
}
