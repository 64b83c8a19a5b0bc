// Cuts a range of time into the points that a query asks for, and each point into buckets that are kept: days where a
// whole day (UTC) fits, hours around them, minutes at the edges. So any zone is served exactly from buckets of UTC.
import { BUCKET_MS, type Bucket } from "./roll-up.js";
import { localDate, startOfDay } from "./time-zone.js";

export const STEPS = ["minute", "hour", "day", "month", "total"] as const;
export type Step = (typeof STEPS)[number];

/** Half open: `to` is not in it. Unix ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A span of buckets of one length, or of events where no such buckets are kept, that belongs to a point. */
export interface Piece<Source> extends Span {
  readonly point: number;
  readonly source: Source;
}

function nextBoundary(at: number, step: Exclude<Step, "total">, timeZone: string): number {
  if (step === "minute" || step === "hour") return (Math.floor(at / BUCKET_MS[step]) + 1) * BUCKET_MS[step];
  const { year, month, day } = localDate(timeZone, at);
  return step === "day"
    ? startOfDay(timeZone, { year, month, day: day + 1 })
    : startOfDay(timeZone, { year, month: month + 1, day: 1 });
}

/**
 * The points of a range: minutes and hours begin as in UTC, days and months as in the zone; the first and the last are cut
 * by the range. At most `max` + 1 are made, so that a caller sees that there are too many.
 */
export function pointsOf({ from, to }: Span, step: Step, timeZone: string, max: number): readonly Span[] {
  if (step === "total") return [{ from, to }];
  const points: Span[] = [];
  for (let at = from; at < to && points.length <= max; ) {
    const end = Math.min(nextBoundary(at, step, timeZone), to);
    points.push({ from: at, to: end });
    at = end;
  }
  return points;
}

/** Which source has buckets of this length from this moment on; undefined = none. */
export type SourceOf<Source> = (bucket: Bucket, from: number) => Source | undefined;

/** The pieces of a span, longest buckets first. Throws nothing: what no bucket covers is `rest`'s. */
export function cut<Source>(
  span: Span,
  point: number,
  sourceOf: SourceOf<Source>,
  rest: Source,
  buckets: readonly Bucket[] = ["day", "hour", "minute"],
): readonly Piece<Source>[] {
  if (span.from >= span.to) return [];
  const [bucket, ...shorter] = buckets;
  if (bucket === undefined) return [{ ...span, point, source: rest }];
  const length = BUCKET_MS[bucket];
  const from = Math.ceil(span.from / length) * length;
  const to = Math.floor(span.to / length) * length;
  const source = from < to ? sourceOf(bucket, from) : undefined;
  if (source === undefined) return cut(span, point, sourceOf, rest, shorter);
  return [
    ...cut({ from: span.from, to: from }, point, sourceOf, rest, shorter),
    { from, to, point, source },
    ...cut({ from: to, to: span.to }, point, sourceOf, rest, shorter),
  ];
}
