// The control plane's metrics: their text format, and what they count, over HTTP.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Counter, Gauge, Histogram, Registry } from "../../control-plane/metrics/registry.js";
import { UsageStoreUnavailable } from "../../control-plane/usage/usage-store.js";
import { event } from "../usage/random-events.js";
import { Harness } from "./operator-harness.js";

describe("the text format", () => {
  it("is that of Prometheus", () => {
    const registry = new Registry();
    const counter = registry.add(new Counter("a_total", "Of a.", [{ kind: "x" }]));
    counter.add(2, { kind: 'q"\\\n' });
    registry.add(new Gauge("b", "Of b.", () => 7));
    const histogram = registry.add(new Histogram("c_seconds", "Of c.", [0.1, 1]));
    for (const value of [0.1, 0.5, 3]) histogram.observe(value, { kind: "x" });
    expect(registry.text()).toBe(`# HELP a_total Of a.
# TYPE a_total counter
a_total{kind="x"} 0
a_total{kind="q\\"\\\\\\n"} 2
# HELP b Of b.
# TYPE b gauge
b 7
# HELP c_seconds Of c.
# TYPE c_seconds histogram
c_seconds_bucket{kind="x",le="0.1"} 1
c_seconds_bucket{kind="x",le="1"} 2
c_seconds_bucket{kind="x",le="+Inf"} 3
c_seconds_sum{kind="x"} 3.6
c_seconds_count{kind="x"} 3
`);
  });
});

describe("/metrics", () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
  });
  afterEach(() => harness.remove());

  const value = (text: string, series: string) =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1);

  it("counts what came in, and times the store", async () => {
    const events = [event("a"), event("a"), {}];
    await harness.post("/api/v1/usage/events", { events });
    harness.usage.query = () => Promise.reject(new UsageStoreUnavailable("gone"));
    await harness.get("/api/v1/usage");
    const { status, headers, body } = await harness.get("/metrics");
    expect([status, headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    for (const outcome of ["accepted", "duplicate", "refused"]) {
      expect(value(body, `sluice_ingested_usage_events_total{outcome="${outcome}"}`), outcome).toBe("1");
    }
    const call = (operation: string) =>
      `db_system_name="sqlite",db_collection_name="usage",db_operation_name="${operation}"`;
    expect(value(body, `db_client_operation_duration_seconds_count{${call("append")}}`)).toBe("1");
    const failed = `{${call("query")},error_type="UsageStoreUnavailable"}`;
    expect(value(body, `db_client_operation_duration_seconds_count${failed}`)).toBe("1");
    expect(value(body, "sluice_connected_envoys")).toBe("0");
  });

  it("needs the operator token", async () => {
    expect((await harness.get("/metrics", { authorization: "" })).status).toBe(401);
  });
});
