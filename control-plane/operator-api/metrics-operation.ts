// The control plane's own metrics, for Prometheus. They say how much is used, so they need the operator token like all else.
import type { ControlPlaneMetrics } from "../metrics/control-plane-metrics.js";
import type { Operation } from "./operation.js";

const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export function metricsOperation(metrics: ControlPlaneMetrics): Operation {
  return {
    id: "getMetrics",
    method: "get",
    path: "/metrics",
    tag: "status",
    summary: "Metrics of the control plane in Prometheus' text format",
    answers: { 200: { description: "Counters begin at 0 when the process does." } },
    handle: async () => ({ status: 200, text: metrics.text(), headers: { "content-type": METRICS_TYPE } }),
  };
}
