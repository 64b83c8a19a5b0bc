// One steady load against one target, with the target's CPU time beside it; and the rounds over all of them.
import { cpuNs, machineBusySeconds } from "./processes.mjs";
import { runLoad } from "./tools.mjs";
import { CLIENTS } from "./workloads.mjs";

export function loadOptions(bench, target, { body, model = "same", client = "chat", sse = false, load }) {
  const { path, expect } = CLIENTS[client];
  const bodyFile = bench.body(body, model, client);
  const url = target.url + path;
  return { url, headers: target.headers, bodyFile, sse, expect: sse ? expect.stream : expect.json, ...load };
}

export async function measure(bench, target, workload) {
  const seconds = bench.seconds * (workload.lasting ?? 1);
  const before = { gateway: cpuNs(target.pid), upstream: cpuNs(bench.upstream.pid), machine: machineBusySeconds() };
  const started = performance.now();
  const result = await runLoad(bench.tools, { ...loadOptions(bench, target, workload), seconds });
  const wallSeconds = (performance.now() - started) / 1000;
  const gatewaySeconds = (cpuNs(target.pid) - before.gateway) / 1e9;
  const upstreamSeconds = (cpuNs(bench.upstream.pid) - before.upstream) / 1e9;
  const known = gatewaySeconds + upstreamSeconds + result.loadCpuSeconds;
  return {
    failed: result.failed,
    firstFailure: result.firstFailure,
    requestsPerSecond: result.requestsPerSecond,
    cpuUs: (gatewaySeconds * 1e6) / result.answered,
    p50Ms: result.latencyMs.p50,
    p99Ms: result.latencyMs.p99,
    maxMs: result.latencyMs.max,
    eventsPerSecond: result.eventsPerSecond,
    eventCpuUs: result.events ? (gatewaySeconds * 1e6) / result.events : undefined,
    ttftMs: result.firstTokenMs?.p50,
    gatewayBusy: gatewaySeconds / wallSeconds,
    othersBusy: Math.max(0, machineBusySeconds() - before.machine - known) / wallSeconds,
  };
}

/**
 * Every workload on every target, one right after another, in an order that rotates from round to round, so that what
 * else happens on the machine falls on all of them.
 * @returns {Promise<Record<string, Record<string, object[]>>>} workload id → target name → one measurement a round
 */
export async function measureRounds(bench, targets, workloads) {
  const results = {};
  for (let round = 0; round < bench.rounds; round++) {
    for (const workload of workloads) {
      const takesPart = targets.filter((target) => !workload.translated || target.translates);
      for (let index = 0; index < takesPart.length; index++) {
        const target = takesPart[(index + round) % takesPart.length];
        results[workload.id] ??= {};
        results[workload.id][target.name] ??= [];
        results[workload.id][target.name].push(await measure(bench, target, workload));
      }
    }
    bench.progress(`round ${round + 1} of ${bench.rounds}`);
  }
  return results;
}
