// What one operation of the operator API is: the routes and the OpenAPI document are both made from these, so neither
// can say what the other does not.
import type { z } from "zod";
import { OperatorError, type OperatorErrorCode } from "../errors.js";
import { jsonPointer } from "../resources/problems.js";

export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  /** Parsed JSON; undefined if the request had no body. */
  readonly body: unknown;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly accept: string | undefined;
}

export interface OperationRequest<Query> extends RawRequest {
  readonly query: Query;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** In place of `body`: goes as it is, under the content-type that `headers` name. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface AnswerFacts {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** True: may be had as a table too. */
  readonly csv?: boolean;
}

interface OperationFacts {
  readonly id: string;
  readonly method: "get" | "put" | "post" | "delete";
  /** OpenAPI form: `/api/v1/providers/{id}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** True: needs no operator token. */
  readonly open?: boolean;
  readonly params?: Readonly<Record<string, z.ZodType>>;
  readonly body?: { readonly schema: z.ZodType; readonly required: boolean; readonly bytesMax: number };
  /** Takes If-Match and, for a put, If-None-Match. */
  readonly conditional?: boolean;
  readonly answers: Readonly<Record<number, AnswerFacts>>;
  /** Beyond those that every operation can answer with. */
  readonly errors?: readonly OperatorErrorCode[];
}

export interface Operation extends OperationFacts {
  readonly query?: z.ZodObject;
  handle(request: RawRequest): Promise<Answer>;
}

interface TypedOperation<Query extends z.ZodObject> extends OperationFacts {
  readonly query: Query;
  handle(request: OperationRequest<z.output<Query>>): Promise<Answer>;
}

function parseQuery<Query extends z.ZodObject>(schema: Query, query: unknown): z.output<Query> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const message = parsed.error.issues.map((issue) => `${jsonPointer(issue.path).slice(1)} ${issue.message}`.trim());
  throw new OperatorError("invalid_query", { message: `The query is not understood: ${message.join("; ")}.` });
}

/** Ties a handler to the schema of its query, which is checked before the handler runs. */
export function withQuery<Query extends z.ZodObject>(operation: TypedOperation<Query>): Operation {
  return {
    ...operation,
    handle: async (request) => operation.handle({ ...request, query: parseQuery(operation.query, request.query) }),
  };
}
