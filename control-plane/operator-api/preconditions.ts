// ETags and the conditions that a change can be made under (RFC 9110 §13). An ETag is a digest of the answer's body, so
// a resource that comes back the same has the same one.
import { createHash } from "node:crypto";
import { OperatorError } from "../errors.js";
import type { RawRequest } from "./operation.js";

export function etagOf(body: unknown): string {
  return `"${createHash("sha256").update(JSON.stringify(body)).digest("base64url").slice(0, 22)}"`;
}

function names(header: string, etag: string | undefined): boolean {
  if (header.trim() === "*") return etag !== undefined;
  const tags = header.split(",").map((tag) => tag.trim());
  return etag !== undefined && tags.includes(etag);
}

/** `etag`: of what is there now; undefined = nothing. Throws precondition_failed. */
export function checkPreconditions(
  request: Pick<RawRequest, "ifMatch" | "ifNoneMatch">,
  etag: string | undefined,
): void {
  const { ifMatch, ifNoneMatch } = request;
  if (ifMatch !== undefined && !names(ifMatch, etag)) throw new OperatorError("precondition_failed");
  if (ifNoneMatch !== undefined && names(ifNoneMatch, etag)) {
    throw new OperatorError("precondition_failed", {
      message: "The resource exists already, or is already as the precondition says.",
      mend: "Leave out If-None-Match to replace it.",
    });
  }
}
