// Bearer tokens of the control ports. Compares digests, so that neither length nor content shows in the time it takes.
import { createHash, timingSafeEqual } from "node:crypto";

const SCHEME = "Bearer ";

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** A predicate over an `authorization` header's value. */
export function bearerCheck(token: string): (header: string | undefined) => boolean {
  const expected = digest(SCHEME + token);
  return (header) => timingSafeEqual(digest(header ?? ""), expected);
}
