// Makes corrections: an event that carries differences and is booked under the same names as the event that it corrects.
import { randomUUID } from "node:crypto";
import type { UsageEvent, UsageTokens } from "./event.js";

export interface CorrectionRequest {
  readonly id?: string | undefined;
  readonly tokens?: { readonly [Name in keyof UsageTokens]?: number | undefined } | undefined;
  readonly costNanos?: number | undefined;
  readonly reason: string;
  /** Unix ms at which it is booked. Default: the corrected event's time, so that the sums of that time become right. */
  readonly startedAt?: number | undefined;
}

export function correctionOf(event: UsageEvent, request: CorrectionRequest): UsageEvent {
  const { firstTokenMs: _, error: _error, ...names } = event;
  const { tokens = {} } = request;
  return {
    ...names,
    id: request.id ?? `correction-${randomUUID()}`,
    kind: "correction",
    corrects: event.id,
    reason: request.reason,
    startedAt: request.startedAt ?? event.startedAt,
    durationMs: 0,
    attempts: 0,
    tokens: {
      input: tokens.input ?? 0,
      output: tokens.output ?? 0,
      cachedInput: tokens.cachedInput ?? 0,
      cacheWrite: tokens.cacheWrite ?? 0,
      reasoning: tokens.reasoning ?? 0,
      audioInput: tokens.audioInput ?? 0,
      audioOutput: tokens.audioOutput ?? 0,
      images: tokens.images ?? 0,
    },
    costNanos: request.costNanos ?? 0,
  };
}
