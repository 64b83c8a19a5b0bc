// Lets nobody past without the operator token. It compares digests, so that neither length nor content of the token
// shows in the time that a refusal takes.
import { createHash, timingSafeEqual } from "node:crypto";
import type { RequestHandler } from "express";
import { OperatorError } from "../errors.js";

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

export function requireOperatorToken(token: string): RequestHandler {
  const expected = digest(token);
  return (request, _response, next) => {
    const given = /^bearer +(.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (timingSafeEqual(digest(given), expected)) return next();
    throw new OperatorError("unauthorized", { headers: { "www-authenticate": 'Bearer realm="sluice"' } });
  };
}
