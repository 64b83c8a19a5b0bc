// Finds usage events in the lines of Envoy's access log, which may hold other lines too and may be wrapped by whatever
// collected it: the event is the JSON object of a line, whatever stands before and after it.

export type LogLine =
  | { readonly kind: "event"; readonly value: unknown }
  /** Was an event, and is not whole: an Envoy that is killed may cut its last line short. */
  | { readonly kind: "broken" }
  | { readonly kind: "other" };

/** Members that every event has, and hardly anything else in a log has together. */
const MARKS = ['"id":', '"kind":', '"startedAt":'];
/** Twice the longest event, and what is wrapped around it. */
const LINE_LENGTH_MAX = 32_768;
const OTHER: LogLine = { kind: "other" };

function isEvent(value: unknown): boolean {
  return typeof value === "object" && value !== null && "id" in value && "kind" in value && "startedAt" in value;
}

/** Says nothing about whether the event is valid: see parseEvent. */
export function readLogLine(line: string): LogLine {
  const from = line.indexOf("{");
  if (from === -1 || !MARKS.every((mark) => line.includes(mark))) return OTHER;
  if (line.length > LINE_LENGTH_MAX) return { kind: "broken" };
  try {
    const value: unknown = JSON.parse(line.slice(from, line.lastIndexOf("}") + 1));
    return isEvent(value) ? { kind: "event", value } : OTHER;
  } catch {
    return { kind: "broken" };
  }
}
