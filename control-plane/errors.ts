// The one table of errors that operators can see, and the exception that carries one to the operator API. An error
// says what is wrong and what to do; it never holds a credential, a key or a file's content.
import type { ConfigProblem } from "./ports.js";

interface ErrorRow {
  readonly status: number;
  readonly message: string;
  readonly mend: string;
}

export const OPERATOR_ERRORS = {
  unauthorized: {
    status: 401,
    message: "The operator token is missing or wrong.",
    mend: "Send the header 'authorization: Bearer <operator token>'; the token is SLUICE_OPERATOR_TOKEN, or the file operator-token in SLUICE_DATA_DIR.",
  },
  malformed_path: {
    status: 400,
    message: "The path holds a malformed percent-encoding.",
    mend: "Percent-encode ids in paths as UTF-8, e.g. team%2Ffast for team/fast.",
  },
  invalid_query: {
    status: 400,
    message: "The query of the address is not understood.",
    mend: "Use only the query parameters that /api/v1/openapi.json lists for this operation.",
  },
  not_json: {
    status: 400,
    message: "The body is not a JSON document.",
    mend: "Send one JSON object in UTF-8.",
  },
  body_too_large: {
    status: 413,
    message: "The body is too large.",
    mend: "Send at most 1 MiB, or 32 MiB to /api/v1/configuration.",
  },
  unsupported_media_type: {
    status: 415,
    message: "The body's media type or encoding is not supported.",
    mend: "Send the body in UTF-8 with 'content-type: application/json'.",
  },
  unknown_path: {
    status: 404,
    message: "There is nothing under this path.",
    mend: "Look the path up in /api/v1/openapi.json.",
  },
  method_not_allowed: {
    status: 405,
    message: "This path does not take this method.",
    mend: "Use one of the methods in the header 'allow' of this answer.",
  },
  resource_not_found: {
    status: 404,
    message: "There is no such resource.",
    mend: "List the resources of this kind to see their ids.",
  },
  revision_not_found: {
    status: 404,
    message: "There is no such revision.",
    mend: "List the revisions with GET /api/v1/revisions.",
  },
  precondition_failed: {
    status: 412,
    message: "The resource is not as the precondition says.",
    mend: "Get the resource again, repeat the change on what it is now, and send its new ETag in If-Match.",
  },
  still_referenced: {
    status: 409,
    message: "Other resources still refer to this one.",
    mend: "Change or delete the resources that the problems name, then delete this one.",
  },
  key_taken: {
    status: 409,
    message: "This API key is already registered.",
    mend: "Leave out 'key' to have a new one made, or delete the registered key first.",
  },
  key_replaced: {
    status: 409,
    message: "This API key was rotated already.",
    mend: "Rotate the key that replacedBy names, or revoke this one.",
  },
  invalid_configuration: {
    status: 422,
    message: "The configuration is not valid; nothing was stored or published.",
    mend: "Mend each of the problems and send the change again.",
  },
  invalid_usage_query: {
    status: 422,
    message: "What is asked about usage cannot be answered.",
    mend: "Mend each of the problems, whose paths name members of the query, and ask again.",
  },
  invalid_usage_events: {
    status: 422,
    message: "The body holds no list of usage events; nothing was stored.",
    mend: 'Send { "events": [ … ] } with at most 1000 events.',
  },
  invalid_correction: {
    status: 422,
    message: "The correction is not valid; nothing was stored.",
    mend: "Mend each of the problems and send the correction again.",
  },
  usage_event_not_found: {
    status: 404,
    message: "There is no such usage event, or it is no longer kept.",
    mend: "List the events with GET /api/v1/usage/events.",
  },
  usage_event_taken: {
    status: 409,
    message: "There is another event with this id; nothing was stored.",
    mend: "Leave out 'id', or choose another.",
  },
  usage_store_unavailable: {
    status: 503,
    message: "The usage store does not answer.",
    mend: "See to its server or its disk, and ask again: nothing was stored, and an id counts once.",
  },
  ledger_unavailable: {
    status: 503,
    message: "The ledger does not answer.",
    mend: "See to its Redis, or to the disk of SLUICE_DATA_DIR, and ask again.",
  },
  discovery_not_supported: {
    status: 422,
    message: "Providers of this dialect have no list of models.",
    mend: "Give a target the application's id as its model; for Dify, where the key decides, any name.",
  },
  private_address: {
    status: 422,
    message: "The provider's name leads to a private address; nothing was connected to.",
    mend: "Set allowPrivateAddress on the provider if that is meant, else correct its baseUrl.",
  },
  provider_unreachable: {
    status: 502,
    message: "The provider could not be reached from the control plane.",
    mend: "Check baseUrl, and whether this machine may connect to it.",
  },
  provider_refused: {
    status: 502,
    message: "The provider did not answer with its models.",
    mend: "Read what the provider says, correct its document, and ask again.",
  },
  internal_error: {
    status: 500,
    message: "The control plane failed at this request.",
    mend: "Look for the event 'request failed' in the control plane's log.",
  },
} as const satisfies Record<string, ErrorRow>;

export type OperatorErrorCode = keyof typeof OPERATOR_ERRORS;

/** A problem outside any one document (a list in a bulk request, a document without an id) has neither kind nor id. */
export type Problem = Omit<ConfigProblem, "kind" | "id"> & Partial<Pick<ConfigProblem, "kind" | "id">>;

export interface OperatorErrorDetails {
  readonly message?: string;
  readonly mend?: string;
  readonly problems?: readonly Problem[];
  readonly headers?: Readonly<Record<string, string>>;
}

export class OperatorError extends Error {
  readonly code: OperatorErrorCode;
  readonly status: number;
  readonly mend: string;
  readonly problems: readonly Problem[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: OperatorErrorCode, details: OperatorErrorDetails = {}) {
    const row = OPERATOR_ERRORS[code];
    super(details.message ?? row.message);
    this.name = "OperatorError";
    this.code = code;
    this.status = row.status;
    this.mend = details.mend ?? row.mend;
    this.problems = details.problems ?? [];
    this.headers = details.headers ?? {};
  }
}

/** A reason not to start, in words for whoever started the process. */
export class StartError extends Error {
  override readonly name = "StartError";
}
