// The operator API as an Express application: mounts operations behind the operator token, reads JSON bodies within
// their limits, and answers every failure in one shape. What an operation does is in *-operations.ts.
import express, { type Express, type RequestHandler } from "express";
import type { Configuration } from "../configuration/configuration.js";
import { OperatorError } from "../errors.js";
import type { Tenancy } from "../identity/tenancy.js";
import type { Ledger } from "../ledger/ledger.js";
import type { Logger } from "../logger.js";
import type { ControlPlaneMetrics } from "../metrics/control-plane-metrics.js";
import type { Publisher } from "../ports.js";
import type { ConfigurationStore } from "../store/store.js";
import type { UsageIngest } from "../usage/ingest.js";
import type { UsageStore } from "../usage/usage-store.js";
import { requireOperatorToken } from "./authentication.js";
import { parseJson, readBody } from "./body.js";
import { budgetOperations } from "./budget-operations.js";
import { catalogOperations } from "./catalog-operations.js";
import { configurationOperations } from "./configuration-operations.js";
import { discoverOperation } from "./discover-operation.js";
import { errorHandler } from "./error-handler.js";
import { invoiceOperations } from "./invoice-operations.js";
import { metricsOperation } from "./metrics-operation.js";
import { openApiDocument } from "./openapi.js";
import type { Operation } from "./operation.js";
import { resourceOperations } from "./resource-operations.js";
import { revisionOperations } from "./revision-operations.js";
import { statusOperations } from "./status-operations.js";
import { tenancyOperations } from "./tenancy-operations.js";
import { usageOperations } from "./usage-operations.js";

export interface OperatorApiParts {
  readonly token: string;
  readonly configuration: Configuration;
  readonly tenancy: Tenancy;
  readonly store: ConfigurationStore;
  readonly publisher: Publisher;
  readonly usage: UsageStore;
  readonly usageIngest: UsageIngest;
  readonly ledger: Pick<Ledger, "state">;
  readonly metrics: ControlPlaneMetrics;
  readonly log: Logger;
}

function documentOperation(operations: readonly Operation[]): Operation {
  const facts = {
    id: "getOpenApi",
    method: "get",
    path: "/api/v1/openapi.json",
    tag: "status",
    summary: "This document",
    open: true,
    answers: { 200: { description: "OpenAPI 3.1." } },
  } as const;
  const handle = async () => ({ status: 200, body: document });
  const document = openApiDocument([...operations, { ...facts, handle }]);
  return { ...facts, handle };
}

export function operatorOperations(parts: Omit<OperatorApiParts, "token" | "log">): readonly Operation[] {
  const operations = [
    ...resourceOperations(parts.configuration),
    discoverOperation(parts.configuration),
    ...configurationOperations(parts.configuration),
    ...tenancyOperations(parts.tenancy),
    ...budgetOperations(parts.tenancy.budgets, parts.ledger),
    ...revisionOperations(parts),
    ...statusOperations(parts.publisher),
    ...catalogOperations(),
    ...usageOperations(parts.usage, parts.usageIngest),
    ...invoiceOperations(parts.usage),
    metricsOperation(parts.metrics),
  ];
  return [...operations, documentOperation(operations)];
}

function handlersOf(operation: Operation): RequestHandler[] {
  const answer: RequestHandler = async (request, response) => {
    const { status, body, text, headers } = await operation.handle({
      params: request.params as Record<string, string>,
      query: request.query,
      body: operation.body === undefined ? undefined : parseJson(request.body),
      ifMatch: request.get("if-match"),
      ifNoneMatch: request.method === "GET" ? undefined : request.get("if-none-match"),
      accept: request.get("accept"),
    });
    response.status(status).set(headers ?? {});
    if (text !== undefined) response.end(text);
    else if (body === undefined) response.end();
    else response.json(body);
  };
  if (operation.body === undefined) return [answer];
  return [...readBody(operation.body.bytesMax), answer];
}

function refuseMethod(allowed: readonly string[]): RequestHandler {
  return () => {
    throw new OperatorError("method_not_allowed", { headers: { allow: allowed.join(", ").toUpperCase() } });
  };
}

function mount(app: Express, operations: readonly Operation[]): void {
  const methods = new Map<string, string[]>();
  for (const operation of operations) {
    const path = operation.path.replace(/\{(\w+)\}/g, ":$1");
    methods.set(path, [...(methods.get(path) ?? []), operation.method]);
    app[operation.method](path, ...handlersOf(operation));
  }
  for (const [path, allowed] of methods) app.all(path, refuseMethod(allowed));
}

/** One line for each change that was asked for; reads would drown them. */
function logChanges(log: Logger): RequestHandler {
  return (request, response, next) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      const { method, path } = request;
      response.on("finish", () => log.info("operator request", { method, path, status: response.statusCode }));
    }
    next();
  };
}

export function createOperatorApi(parts: OperatorApiParts): Express {
  const operations = operatorOperations(parts);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.enable("case sensitive routing");
  app.use((_request, response, next) => {
    response.set({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    next();
  });
  app.use(logChanges(parts.log));
  mount(
    app,
    operations.filter(({ open }) => open === true),
  );
  app.use(["/api", "/metrics"], requireOperatorToken(parts.token));
  mount(
    app,
    operations.filter(({ open }) => open !== true),
  );
  app.use(() => {
    throw new OperatorError("unknown_path");
  });
  app.use(errorHandler(parts.log));
  return app;
}
