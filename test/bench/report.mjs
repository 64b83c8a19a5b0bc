// The report as markdown, so that it can be quoted: tables, then machine, command and commit.
import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { failures, median, rowsFor } from "./figures.mjs";
import { CORES } from "./processes.mjs";

function number(value) {
  if (value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

const signed = (value) => (value >= 0 ? `+${number(value)}` : number(value));
const verdict = (met) => (met === undefined ? "" : met ? "met" : "**not met**");

function comparison(row) {
  const format = row.kind === "ratio" ? (value) => `${number(value)} ×` : signed;
  const limit = row.better === "more" ? "≥" : "≤";
  return [
    row.title,
    row.label,
    number(row.plain),
    number(row.other),
    format(row.value),
    row.spread.map(format).join(" … "),
    row.bar === undefined ? "" : `${limit} ${row.bar}${row.kind === "ratio" ? " ×" : ""}`,
    verdict(row.met),
  ];
}

function table(head, rows) {
  const lines = [head, head.map((_, index) => (index < 2 ? "---" : "--:")), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function steadySection(name, workloads, results) {
  const rows = rowsFor(name, workloads, results).map(comparison);
  const head = ["load", "figure", "plain Envoy", name, "against plain", "rounds: lowest … median … highest", "bar", ""];
  const spoiled = failures(name, workloads, results).map((line) => `- failed requests in ${line}`);
  return [`### ${name}`, "", table(head, rows), ...(spoiled.length > 0 ? ["", ...spoiled] : [])].join("\n");
}

/** Scenarios give rows of `{ title, label, value, unit, bar, met, note }`. */
function scenarioSection(scenarios) {
  const rows = scenarios.map((row) => [
    row.title,
    row.label,
    `${number(row.value)} ${row.unit}`.trim(),
    row.bar === undefined ? "" : `${row.strict ? "<" : "≤"} ${row.bar} ${row.unit}`.trim(),
    verdict(row.met),
    row.note ?? "",
  ]);
  return ["### Scenarios", "", table(["scenario", "figure", "measured", "bar", "", "beside it"], rows)].join("\n");
}

function commit(root) {
  const git = (...args) => execFileSync("git", ["-C", root, ...args], { encoding: "utf8" }).trim();
  try {
    return (
      git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno") === "" ? "" : " with local changes")
    );
  } catch {
    return "unknown";
  }
}

function provenance(bench, results, root) {
  const all = Object.values(results).flatMap((targets) => Object.values(targets).flat());
  const busy = all.map((round) => round.othersBusy);
  const worst = Math.max(0, ...busy.filter(Number.isFinite));
  return [
    `- machine: ${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux, Node ${process.versions.node}`,
    `- command: \`npm run bench${bench.arguments.length > 0 ? ` -- ${bench.arguments.join(" ")}` : ""}\``,
    `- commit: ${commit(root)}, ${new Date().toISOString().slice(0, 10)}; ${bench.rounds} rounds of ${bench.seconds} s a load`,
    `- ${CORES ? `gateways on core ${CORES.gateway}, everything else on core ${CORES.load}` : "nothing pinned to a core: differences are less sure"}; Envoy with one worker each`,
    `- cores that others used meanwhile: median ${number(median(busy))}, most ${number(worst)}`,
    "- ratios: best round against best round; differences: median of the differences within each round",
  ].join("\n");
}

export function markdown(bench, { names, workloads, results, scenarios }, root) {
  const sections = ["## Sluice against plain Envoy", provenance(bench, results, root)];
  for (const name of names) sections.push(steadySection(name, workloads, results));
  if (scenarios.length > 0) sections.push(scenarioSection(scenarios));
  const verdicts = [
    ...names.filter((name) => name === "sluice").flatMap((name) => rowsFor(name, workloads, results)),
    ...scenarios,
  ];
  const judged = verdicts.filter((row) => row.met !== undefined);
  if (judged.length > 0) sections.push(`${judged.filter((row) => row.met).length} of ${judged.length} bars met`);
  return sections.join("\n\n");
}
