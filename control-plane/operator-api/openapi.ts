// The OpenAPI 3.1 document, made from the operations that the server mounts and the schemas that it validates with.
import { z } from "zod";
import { OPERATOR_ERRORS, type OperatorErrorCode } from "../errors.js";
import type { Operation } from "./operation.js";
import { errorSchema } from "./schemas.js";

type Json = { [key: string]: unknown };

const EVERY_ANSWER: readonly OperatorErrorCode[] = ["invalid_query", "malformed_path", "internal_error"];
const BODY_ERRORS: readonly OperatorErrorCode[] = ["not_json", "body_too_large", "unsupported_media_type"];

/** Schemas with an id become components, once each; `io` is the side of defaults and transforms. */
class Components {
  readonly schemas: Json = {};

  reference(schema: z.ZodType, io: "input" | "output"): Json {
    const { $schema: _, $defs, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
    for (const [name, definition] of Object.entries(($defs ?? {}) as Json)) {
      const { id: _id, ...component } = definition as Json;
      this.schemas[name] = relocate(component);
    }
    return relocate(json) as Json;
  }
}

/** `#/$defs/X` of a single schema is `#/components/schemas/X` of the document. */
function relocate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocate);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === "$ref" && typeof inner === "string"
        ? [key, inner.replace("#/$defs/", "#/components/schemas/")]
        : [key, relocate(inner)],
    ),
  );
}

function parameters(operation: Operation, components: Components): Json[] {
  const path = Object.entries(operation.params ?? {}).map(([name, schema]) => ({
    name,
    in: "path",
    required: true,
    schema: components.reference(schema, "input"),
  }));
  const query = Object.entries(operation.query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    schema: components.reference(schema as z.ZodType, "input"),
  }));
  const header = (name: string, description: string) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  });
  const conditional = operation.conditional
    ? [
        header("if-match", "Do it only if the resource still has this ETag."),
        header("if-none-match", "`*`: do it only if there is no such resource."),
      ]
    : [];
  return [...path, ...query, ...conditional];
}

function errorAnswers(operation: Operation, components: Components): Json {
  const codes = [
    ...EVERY_ANSWER,
    ...(operation.open ? [] : (["unauthorized"] as const)),
    ...(operation.body === undefined ? [] : BODY_ERRORS),
    ...(operation.errors ?? []),
  ];
  const byStatus = new Map<number, OperatorErrorCode[]>();
  for (const code of codes) {
    const { status } = OPERATOR_ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${OPERATOR_ERRORS[code].message}`).join("\n\n"),
        content: { "application/json": { schema: components.reference(errorSchema, "output") } },
      },
    ]),
  );
}

function operationObject(operation: Operation, components: Components): Json {
  const { body } = operation;
  const answers = Object.entries(operation.answers).map(([status, { description, schema, csv }]) => [
    status,
    {
      description,
      ...(schema === undefined
        ? {}
        : {
            content: {
              "application/json": { schema: components.reference(schema, "output") },
              ...(csv ? { "text/csv": { schema: { type: "string" } } } : {}),
            },
          }),
    },
  ]);
  return {
    operationId: operation.id,
    summary: operation.summary,
    tags: [operation.tag],
    ...(operation.open ? { security: [] } : {}),
    parameters: parameters(operation, components),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.required,
            content: { "application/json": { schema: components.reference(body.schema, "input") } },
          },
        }),
    responses: { ...errorAnswers(operation, components), ...Object.fromEntries(answers) },
  };
}

export function openApiDocument(operations: readonly Operation[]): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation, components) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Sluice operator API",
      version: "1",
      description:
        "Providers, targets and model routes make up the configuration: every change of them is checked, stored as a " +
        "revision and pushed to every Envoy. Ids in paths are percent-encoded: `team%2Ffast` is `team/fast`.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ operatorToken: [] }],
    paths,
    components: {
      securitySchemes: { operatorToken: { type: "http", scheme: "bearer" } },
      schemas: components.schemas,
    },
  };
}
