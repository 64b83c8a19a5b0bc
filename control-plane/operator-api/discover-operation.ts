// Asks a provider for its models, so that operators need not look names up. It changes nothing: targets are made by people.
import { z } from "zod";
import { modelEntrySchema } from "../catalog/model-entry.js";
import type { Configuration } from "../configuration/configuration.js";
import { findResource } from "../configuration/resource-set.js";
import { discover } from "../discovery/discover.js";
import { OperatorError } from "../errors.js";
import type { Provider } from "../resources/provider.js";
import { idSchemaOf } from "./input.js";
import type { Operation } from "./operation.js";

const discoverySchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        id: z.string().describe("The provider's name for the model: `model` of a target."),
        name: z.string().optional(),
        contextTokens: z
          .int()
          .optional()
          .describe("Size of the context window, as the provider or the catalogue says."),
        catalog: modelEntrySchema.optional().describe("What the catalogue knows of it, with its prices."),
        targets: z.array(z.string()).describe("Targets that use it already."),
      }),
    ),
    truncated: z.boolean().describe("True: the provider has more than is read at once."),
  })
  .meta({ id: "Discovery" });

export function discoverOperation(configuration: Configuration): Operation {
  return {
    id: "discoverModels",
    method: "post",
    path: "/api/v1/providers/{id}/discover",
    tag: "providers",
    summary: "List the models that the provider itself offers",
    params: { id: idSchemaOf("provider") },
    answers: { 200: { description: "In the provider's order. Nothing is stored.", schema: discoverySchema } },
    errors: [
      "resource_not_found",
      "discovery_not_supported",
      "private_address",
      "provider_unreachable",
      "provider_refused",
    ],
    handle: async ({ params }) => {
      const id = params.id ?? "";
      const { resources, credentials } = configuration.live;
      const provider = findResource(resources, "provider", id) as Provider | undefined;
      if (provider === undefined) {
        throw new OperatorError("resource_not_found", { message: `There is no provider '${id}'.` });
      }
      const { models, truncated } = await discover(provider, credentials.get(id)?.secret);
      const targets = resources.targets.filter((target) => target.provider === id);
      const usedBy = (model: string) => targets.filter((target) => target.model === model).map((target) => target.id);
      const items = models.map((model) => ({ ...model, targets: usedBy(model.id) }));
      return { status: 200, body: { items, truncated } };
    },
  };
}
