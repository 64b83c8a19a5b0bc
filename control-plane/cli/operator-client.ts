// Sends to the operator API of a running control plane. What a control plane that restarts would have taken is sent
// again for a while: every request of the command line tool may come twice.
import { setTimeout as sleep } from "node:timers/promises";

const TRIES = 6;
const FIRST_PAUSE_MS = 500;
const TIMEOUT_MS = 60_000;

/** A failure in words for whoever typed the command. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

export interface OperatorClientOptions {
  /** Origin of the operator API. */
  readonly api: string;
  readonly token: string;
  /** Told before each pause. */
  readonly onRetry?: (reason: string) => void;
  readonly firstPauseMs?: number;
}

interface ErrorAnswer {
  readonly error?: { readonly code?: string; readonly message?: string; readonly mend?: string };
}

/** The answer's JSON, or why it is worth asking again. Throws CommandError if it is not. */
async function tryOnce(url: URL, token: string, body: unknown): Promise<{ answer: unknown } | { retry: string }> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer: unknown = await response.json();
    if (response.ok) return { answer };
    const { error } = answer as ErrorAnswer;
    if (response.status === 503) return { retry: error?.message ?? "it answers 503" };
    throw new CommandError(`${url.origin} answers ${response.status}: ${error?.message ?? ""} ${error?.mend ?? ""}`);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { message, cause } = error as Error;
    return { retry: cause instanceof Error && cause.message !== "" ? cause.message : message };
  }
}

export async function post(options: OperatorClientOptions, path: string, body: unknown): Promise<unknown> {
  const { api, token, onRetry, firstPauseMs = FIRST_PAUSE_MS } = options;
  const url = new URL(path, api);
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryOnce(url, token, body);
    if ("answer" in outcome) return outcome.answer;
    if (attempt === TRIES) {
      const mend = "See that the control plane runs, and name its operator API in --api.";
      throw new CommandError(`${url.origin} cannot be reached: ${outcome.retry}. ${mend}`);
    }
    onRetry?.(outcome.retry);
    await sleep(firstPauseMs * 2 ** (attempt - 1));
  }
}
