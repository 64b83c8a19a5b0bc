// What travels between the control plane's thread and that of the embedded usage store. Errors lose their class on the
// way and get it back.
import { StartError } from "../../errors.js";
import { UsageQueryError } from "../query.js";
import { type UsageStore, UsageStoreUnavailable } from "../usage-store.js";

/** Number of the message that says whether the store could be opened. */
export const OPENED = 0;

export interface Call {
  readonly number: number;
  readonly method: keyof UsageStore;
  readonly argument: unknown;
}

export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly member?: UsageQueryError["member"];
  readonly mend?: string;
}

export type Reply =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: WireError };

export function toWire(error: unknown): WireError {
  if (!(error instanceof Error)) return { name: "Error", message: "not an Error", stack: undefined };
  const { name, message, stack } = error;
  if (error instanceof UsageQueryError) return { name, message, stack, member: error.member, mend: error.mend };
  return { name, message, stack };
}

export function fromWire({ name, message, stack, member, mend }: WireError): Error {
  if (member !== undefined) return new UsageQueryError(member, message, mend ?? "");
  if (name === "UsageStoreUnavailable") return new UsageStoreUnavailable(message);
  if (name === "StartError") return new StartError(message);
  const error = name === "RangeError" ? new RangeError(message) : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
