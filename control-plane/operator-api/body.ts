// Reads JSON bodies within a limit. Stricter than Express's own parser: an empty body is no document, and bytes that
// are not UTF-8 are refused instead of replaced.
import express, { type RequestHandler } from "express";
import { OperatorError } from "../errors.js";

const JSON_TYPE = /^application\/json *(?:; *charset="?utf-8"?)?$/i;

/** Refuses a body that says it is something else than JSON, before it is read. */
const requireJson: RequestHandler = (request, _response, next) => {
  const { "content-length": length, "transfer-encoding": chunked, "content-type": type } = request.headers;
  const hasBody = chunked !== undefined || (length !== undefined && length !== "0");
  if (hasBody && !JSON_TYPE.test(type ?? "")) throw new OperatorError("unsupported_media_type");
  next();
};

/** Leaves the body's bytes, unpacked, in `request.body`. `bytesMax` counts unpacked bytes. */
export function readBody(bytesMax: number): RequestHandler[] {
  return [requireJson, express.raw({ limit: bytesMax, type: () => true })];
}

/** Undefined for no bytes. Throws not_json. */
export function parseJson(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new OperatorError("not_json");
  }
}
