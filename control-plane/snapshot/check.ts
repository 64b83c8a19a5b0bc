// What must hold before a configuration may be stored: every part of it encodes as Envoy's own types, fits the filter's
// limits, and the filter's own decoder takes it.
import type { CompileInput, ConfigProblem } from "../ports.js";
import { toAny } from "../xds/registry.js";
import type { FilterCheck } from "./filter-check.js";
import { providerCluster } from "./provider-cluster.js";
import { compile } from "./snapshot.js";

/** Lengths in a target record are 16 bits; a plan of 16 records has to stay far below Envoy's and our own limits. */
const TARGET_RECORD_BYTES_MAX = 3 * 1024;

export async function check(input: CompileInput, filter: FilterCheck): Promise<ConfigProblem[]> {
  const problems = [...providerProblems(input), ...recordProblems(input)];
  if (problems.length > 0) return problems;
  const snapshot = compile(input);
  const reason = await filter.problem(snapshot.filterConfig);
  return reason === undefined ? [] : [decoderProblem(input, reason)];
}

function providerProblems({ resources, settings }: CompileInput): ConfigProblem[] {
  return resources.providers.flatMap((provider): ConfigProblem[] => {
    try {
      toAny(providerCluster(provider, settings.requestBodyBytesMax).cluster);
      return [];
    } catch (error) {
      return [
        {
          kind: "provider",
          id: provider.id,
          path: "",
          code: "not_encodable",
          message: `Envoy's cluster type cannot hold this provider: ${(error as Error).message}`,
          mend: "Correct the field that the message names.",
        },
      ];
    }
  });
}

function recordProblems({ resources }: CompileInput): ConfigProblem[] {
  const urls = new Map(resources.providers.map(({ id, baseUrl }) => [id, baseUrl]));
  return resources.targets.flatMap((target): ConfigProblem[] => {
    const bytes = Buffer.byteLength(JSON.stringify(target.model)) + (urls.get(target.provider)?.length ?? 0);
    if (bytes <= TARGET_RECORD_BYTES_MAX) return [];
    return [
      {
        kind: "target",
        id: target.id,
        path: "/provider",
        code: "too_long",
        message: `model and base URL together have ${bytes} bytes, the filter takes ${TARGET_RECORD_BYTES_MAX}`,
        mend: "Shorten the provider's baseUrl.",
      },
    ];
  });
}

/** `modelRoutes[3].targets[1]: reason` → the document and the pointer in it. */
function decoderProblem({ resources }: CompileInput, reason: string): ConfigProblem {
  const match = /^modelRoutes\[(\d+)\](?:\.(\w+)(?:\[(\d+)\])?)?: (.*)$/s.exec(reason);
  const route = match === null ? undefined : resources.modelRoutes[Number(match[1])];
  const steps = match === null ? [] : [match[2], match[3]].filter((step) => step !== undefined);
  return {
    kind: "model-route",
    id: route?.id ?? "",
    path: steps.map((step) => `/${step}`).join(""),
    code: "refused_by_filter",
    message: `the filter refuses the configuration: ${match?.[4] ?? reason}`,
    mend: "Report this as a defect of Sluice, with the document.",
  };
}
