// What Envoys run, and whether this process and the gateway behind it work.
import { z } from "zod";
import type { EnvoyStatus, Publisher } from "../ports.js";
import type { Operation } from "./operation.js";
import { envoyListSchema } from "./schemas.js";

const TAG = "status";

function timestamp(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

function shown(envoy: EnvoyStatus) {
  return {
    nodeId: envoy.nodeId,
    connected: envoy.connected,
    lastSeen: timestamp(envoy.lastSeen),
    revisions: envoy.revisions.map((entry) => ({ ...entry, revision: Number(entry.revision) })),
    workers: envoy.workers.map(({ id, revision, lastSeen }) => ({
      id,
      revision: Number(revision),
      lastSeen: timestamp(lastSeen),
    })),
  };
}

function health(status: string) {
  return z.strictObject({ status: z.literal(status) });
}

export function statusOperations(publisher: Publisher): readonly Operation[] {
  return [
    {
      id: "listEnvoys",
      method: "get",
      path: "/api/v1/envoys",
      tag: TAG,
      summary: "List Envoys and what each made of the revisions",
      answers: { 200: { description: "Every Envoy that is remembered.", schema: envoyListSchema } },
      handle: async () => ({ status: 200, body: { items: publisher.status().map(shown) } }),
    },
    {
      id: "getHealth",
      method: "get",
      path: "/healthz",
      tag: TAG,
      summary: "Whether the control plane runs",
      open: true,
      answers: { 200: { description: "It runs.", schema: health("ok") } },
      handle: async () => ({ status: 200, body: { status: "ok" } }),
    },
    {
      id: "getReadiness",
      method: "get",
      path: "/readyz",
      tag: TAG,
      summary: "Whether an Envoy runs the live revision",
      open: true,
      answers: {
        200: { description: "A connected Envoy reports it live.", schema: health("ready") },
        503: { description: "None does yet.", schema: health("waiting") },
      },
      handle: async () =>
        publisher.ready() ? { status: 200, body: { status: "ready" } } : { status: 503, body: { status: "waiting" } },
    },
  ];
}
