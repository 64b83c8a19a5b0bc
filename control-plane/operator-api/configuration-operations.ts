// The configuration as a whole: one body, one revision. For a thousand documents at once, and for files under version control.
import type { Configuration } from "../configuration/configuration.js";
import { parseConfiguration } from "./input.js";
import { type Operation, withQuery } from "./operation.js";
import { checkPreconditions, etagOf } from "./preconditions.js";
import { changeAnswer } from "./resource-operations.js";
import {
  CONFIGURATION_BYTES_MAX,
  changeAnswerSchema,
  changeQuery,
  configurationInputSchema,
  configurationSchema,
} from "./schemas.js";

const PATH = "/api/v1/configuration";

export function configurationOperations(configuration: Configuration): readonly Operation[] {
  const get: Operation = {
    id: "getConfiguration",
    method: "get",
    path: PATH,
    tag: "configuration",
    summary: "Get all providers, targets and model routes, in the form in which they can be put back",
    answers: { 200: { description: "The documents, without credentials.", schema: configurationSchema } },
    handle: async () => {
      const { resources } = configuration.live;
      return { status: 200, body: resources, headers: { etag: etagOf(resources) } };
    },
  };
  const put = withQuery({
    id: "putConfiguration",
    method: "put",
    path: PATH,
    tag: "configuration",
    summary: "Replace all providers, targets and model routes in one revision",
    query: changeQuery,
    body: { schema: configurationInputSchema, required: true, bytesMax: CONFIGURATION_BYTES_MAX },
    conditional: true,
    answers: { 200: { description: "Replaced.", schema: changeAnswerSchema } },
    errors: ["invalid_configuration", "precondition_failed"],
    handle: async (request) => {
      const { dryRun } = request.query;
      const candidate = parseConfiguration(request.body);
      const result = await configuration.change({
        cause: "put configuration",
        dryRun,
        edit: (live) => {
          checkPreconditions(request, etagOf(live.resources));
          return candidate;
        },
      });
      const { resources } = result.after;
      return { status: 200, body: changeAnswer(result, dryRun), headers: { etag: etagOf(resources) } };
    },
  });
  return [get, put];
}
