// docs/metrics.md has every metric of the filter and the control plane and no other, and the dashboard asks for metrics and labels that exist.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ControlPlaneMetrics } from "../../control-plane/metrics/control-plane-metrics.js";

const ROOT = new URL("../..", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, `${ROOT}/`), "utf8");
const folder = fileURLToPath(new URL("filter/telemetry", `${ROOT}/`));
const source = readdirSync(folder).map((name) => read(`filter/telemetry/${name}`));
const page = read("docs/metrics.md");

/** As Prometheus has them. */
const defined = new Set(
  source.flatMap((text) =>
    [...text.matchAll(/"((?:sluice|gen_ai)\.[a-z_.]+)"/g)].map(([, name = ""]) => name.replaceAll(".", "_")),
  ),
);

const controlPlane = new ControlPlaneMetrics();
controlPlane.addEnvoys(() => 0);
for (const [, name = ""] of controlPlane.text().matchAll(/^# TYPE (\S+)/gm)) defined.add(name);

test("every metric is documented, and no other", () => {
  const documented = [...page.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name]) => name);
  expect(defined.size).toBeGreaterThan(15);
  expect(documented.toSorted()).toEqual([...defined].toSorted());
});

test("the dashboard asks for what exists", () => {
  const dashboard = JSON.parse(read("examples/grafana/sluice.json")) as {
    panels: { targets: { expr: string }[] }[];
  };
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  expect(expressions.length).toBeGreaterThan(10);
  const names = expressions.flatMap((text) => text.match(/\b(?:sluice|gen_ai|db_client)_[a-z_]+/g) ?? []);
  expect(names.filter((name) => !defined.has(name.replace(/_(bucket|count)$/, "")))).toEqual([]);
  const labels = expressions.flatMap((text) =>
    [...text.matchAll(/([a-z_]+)(?:=~|!=|=)"/g)].map(([, label = ""]) => label),
  );
  const known = [...read("control-plane/envoy-bootstrap.ts").matchAll(/"(model|target|tenant|type|status)"/g)].map(
    ([, label]) => label,
  );
  expect(labels.filter((label) => ![...known, "error_type"].includes(label))).toEqual([]);
});
