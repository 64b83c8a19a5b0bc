// Every failure of a request in the one shape that operators see. What is not an OperatorError is logged and answered
// without its words, which may come from anywhere.
import type { ErrorRequestHandler } from "express";
import { OperatorError, type OperatorErrorCode } from "../errors.js";
import type { Logger } from "../logger.js";

/** `type` of the errors of Express's body parser. */
const BODY_ERRORS: Readonly<Record<string, OperatorErrorCode>> = {
  "entity.too.large": "body_too_large",
  "encoding.unsupported": "unsupported_media_type",
  "request.aborted": "not_json",
  "request.size.invalid": "not_json",
};

function toOperatorError(error: unknown): OperatorError | undefined {
  if (error instanceof OperatorError) return error;
  if (!(error instanceof Error)) return undefined;
  const { type, status } = error as { type?: string; status?: number };
  const code = type === undefined ? undefined : BODY_ERRORS[type];
  if (code !== undefined) return new OperatorError(code);
  if (error instanceof URIError) return new OperatorError("malformed_path");
  // Damaged compression is the one defect of a body that its parser passes on without a type.
  return status === 400 ? new OperatorError("not_json") : undefined;
}

export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error, request, response, next) => {
    const known = toOperatorError(error);
    if (known === undefined) {
      const stack = error instanceof Error ? error.stack : "not an Error";
      log.error("request failed", { method: request.method, path: request.path, stack });
    }
    if (response.headersSent) return next(error);
    const { code, status, message, mend, problems, headers } = known ?? new OperatorError("internal_error");
    response.status(status).set(headers).json({ error: { code, message, mend, problems } });
  };
}
