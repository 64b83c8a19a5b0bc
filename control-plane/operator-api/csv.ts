// Tables as CSV (RFC 4180): lines end in CR LF, and a cell is quoted where it has to be.

export type Cell = string | number | null | undefined;

export const CSV_TYPE = "text/csv; charset=utf-8";

function quoted(cell: Cell): string {
  const text = cell === null || cell === undefined ? "" : String(cell);
  // A text that a spreadsheet would run as a formula is shown by it as text; numbers may be negative.
  const safe = typeof cell === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((cells) => `${cells.map(quoted).join(",")}\r\n`).join("");
}

/** True if the query says `format=csv`, or says nothing and the client would rather have CSV than JSON. */
export function wantsCsv(format: "json" | "csv" | undefined, accept: string | undefined): boolean {
  if (format !== undefined) return format === "csv";
  return /^\s*text\/csv\b/i.test(accept ?? "");
}
