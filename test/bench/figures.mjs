// From measurements to figures: one row for each, with its bar and whether it is met. Pure.
//
// Ratios (CPU, throughput) compare best round with best round, because noise only ever takes away. Differences (latency)
// are the median of the differences within each round, because the best of a latency is luck. Beside both stands what the
// rounds gave one by one, lowest, median and highest: that is the noise.

const usable = (values) => values.filter((value) => Number.isFinite(value));

export function median(values) {
  const sorted = usable(values).sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const spreadOf = (pairs) => [Math.min(...pairs), median(pairs), Math.max(...pairs)];

function ratio(figure, plain, other) {
  const best = figure.better === "more" ? Math.max : Math.min;
  const [plainBest, otherBest] = [best(...usable(plain)), best(...usable(other))];
  const pairs = usable(other.map((value, round) => value / plain[round]));
  const value = otherBest / plainBest;
  return {
    plain: plainBest,
    other: otherBest,
    value,
    spread: spreadOf(pairs),
    met: figure.bar === undefined ? undefined : figure.better === "more" ? value >= figure.bar : value <= figure.bar,
  };
}

function added(figure, plain, other) {
  const pairs = usable(other.map((value, round) => value - plain[round]));
  const value = median(pairs);
  return {
    plain: median(plain),
    other: median(other),
    value,
    spread: spreadOf(pairs),
    met: figure.bar === undefined ? undefined : value <= figure.bar,
  };
}

/** Rows for one target: its rounds against plain Envoy's. With a failed request no bar is met. */
export function rowsFor(target, workloads, results) {
  const rows = [];
  for (const workload of workloads) {
    const rounds = results[workload.id]?.[target];
    const plainRounds = results[workload.baseline ?? workload.id]?.plain;
    if (!rounds || !plainRounds) continue;
    for (const figure of workload.figures) {
      const compare = figure.kind === "ratio" ? ratio : added;
      const values = compare(
        figure,
        plainRounds.map((round) => round[figure.key]),
        rounds.map((round) => round[figure.key]),
      );
      const spoiled = rounds.some(({ failed }) => failed > 0);
      const met = values.met === undefined ? undefined : values.met && !spoiled;
      rows.push({ id: workload.id, title: workload.title, ...figure, ...values, met });
    }
  }
  return rows;
}

/** Requests that failed in the steady loads, by workload. */
export function failures(target, workloads, results) {
  const lines = [];
  for (const { id } of workloads) {
    const rounds = results[id]?.[target] ?? [];
    const failed = rounds.reduce((sum, round) => sum + round.failed, 0);
    if (failed > 0) lines.push(`${id}: ${failed} failed (${rounds.find((round) => round.failed > 0).firstFailure})`);
  }
  return lines;
}
