// What the driver and Redis say, as the ledger's errors. Of their words only the first is repeated, a code that holds no
// address, key or password.
import { ErrorReply } from "redis";
import { LedgerError, type LedgerErrorCode } from "../ledger.js";

const CODES: readonly (readonly [RegExp, LedgerErrorCode])[] = [
  [/^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR AUTH|ERR Client sent AUTH)/, "unauthorised"],
  // Redis takes only short commands of whoever is not logged in.
  [/^ERR Protocol error: unauthenticated/, "unauthorised"],
  [/^OOM/, "full"],
  // A cluster that elects, a server that loads its data: it is there soon.
  [/^(LOADING|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|BUSY)/, "unreachable"],
];

function firstWord(message: string): string | undefined {
  return /^[A-Z]{2,20}\b/.exec(message)?.[0];
}

function replyError(error: ErrorReply): LedgerError {
  const { message } = error;
  const code = CODES.find(([pattern]) => pattern.test(message))?.[1] ?? "misconfigured";
  if (/^(MOVED|CROSSSLOT)/.test(message)) {
    return new LedgerError(code, "it is a cluster: set SLUICE_REDIS_CLUSTER to true");
  }
  if (/cluster support disabled/.test(message)) {
    return new LedgerError(code, "it is no cluster: unset SLUICE_REDIS_CLUSTER");
  }
  return new LedgerError(code, firstWord(message));
}

/** `connection`: why there is no connection, if there is none; it says more than that a command found none. */
export function ledgerError(error: unknown, connection: unknown): LedgerError {
  if (error instanceof LedgerError) return error;
  if (error instanceof ErrorReply) return replyError(error);
  if (connection instanceof ErrorReply) return replyError(connection);
  const { code } = (connection ?? error) as { code?: unknown };
  return new LedgerError("unreachable", typeof code === "string" ? code : undefined);
}
