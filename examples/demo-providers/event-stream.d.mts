// Types of event-stream.mjs.

/** A frame with these headers, all of them strings. */
export function frame(headers: Record<string, string>, payload: Uint8Array): Buffer;
export function eventFrame(type: string, payload: unknown): Buffer;
export function exceptionFrame(type: string, payload: unknown): Buffer;
