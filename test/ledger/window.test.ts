// Windows against an oracle that shares nothing with them: it reads clocks by Intl's formats, and finds a window's ends by
// looking at what clocks show on both sides.
import { describe, expect, it } from "vitest";
import { type WindowRule, windowAt } from "../../control-plane/ledger/window.js";
import { seeded } from "../usage/random-events.js";

const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Santiago",
  "America/St_Johns",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Asia/Beirut",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "Africa/Cairo",
];
const FROM = Date.UTC(2024, 0, 1);
const TO = Date.UTC(2030, 0, 1);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** "2026-03-29 03:00:00" as a clock in the zone shows it. */
function clock(timeZone: string, at: number): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" }).format(at);
}

/** Names the window that an instant lies in, by the clock alone: equal for two instants iff they are in one window. */
function label(rule: WindowRule, at: number): string {
  const { timeZone = "UTC", monthStartDay = 1, weekStart = "monday" } = rule;
  const [date = "", time = ""] = clock(timeZone, at).split(" ");
  if (rule.window === "hour") {
    const name = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset", year: "numeric" }).format(at);
    return `${date} ${time.slice(0, 2)} ${name}`;
  }
  if (rule.window === "day") return date;
  const noon = new Date(`${date}T12:00:00Z`);
  if (rule.window === "week") {
    while (noon.toUTCString().slice(0, 3) !== (weekStart === "monday" ? "Mon" : "Sun"))
      noon.setUTCDate(noon.getUTCDate() - 1);
    return noon.toISOString();
  }
  if (Number(date.slice(8)) < monthStartDay) noon.setUTCMonth(noon.getUTCMonth() - 1, 1);
  return noon.toISOString().slice(0, 7);
}

function checkEnds(rule: WindowRule, at: number): void {
  const { start, end } = windowAt(rule, at);
  const told = `${JSON.stringify(rule)} ${new Date(at).toISOString()}: ${start}..${end}`;
  expect(start <= at && at < end, told).toBe(true);
  const inside = label(rule, at);
  expect([label(rule, start), label(rule, end - 1)], told).toEqual([inside, inside]);
  expect([label(rule, start - 1), label(rule, end)], told).not.toContain(inside);
  expect(windowAt(rule, start)).toEqual({ start, end });
  expect(windowAt(rule, end - 1)).toEqual({ start, end });
  expect(windowAt(rule, end).start).toBe(end);
}

describe("windows", () => {
  const random = seeded(11);
  const anywhen = () => FROM + random(2 ** 30) * 176 + random(1000);

  it.each(ZONES)("begin and end where clocks in %s say", (timeZone) => {
    for (let round = 0; round < 40; round++) {
      checkEnds({ window: "hour", timeZone }, anywhen());
      checkEnds({ window: "day", timeZone }, anywhen());
      checkEnds({ window: "week", timeZone, weekStart: random(2) === 0 ? "monday" : "sunday" }, anywhen());
      checkEnds({ window: "month", timeZone, monthStartDay: 1 + random(28) }, anywhen());
    }
  });

  it.each(ZONES)("fill the time in %s, without gap or overlap, through every change of clocks", (timeZone) => {
    for (const window of ["hour", "day"] as const) {
      const step = window === "hour" ? HOUR_MS / 2 : DAY_MS / 2;
      const to = window === "hour" ? Date.UTC(2026, 0, 1) : TO;
      let last = windowAt({ window, timeZone }, Date.UTC(2025, 0, 1));
      for (let at = last.end; at < to; at = last.end) {
        const next = windowAt({ window, timeZone }, at);
        expect(next.start).toBe(last.end);
        expect(next.end - next.start).toBeGreaterThanOrEqual(step);
        last = next;
      }
    }
  });

  it("have days of 23 and 25 hours where clocks change", () => {
    const hours = (timeZone: string, at: number) => {
      const { start, end } = windowAt({ window: "day", timeZone }, at);
      return (end - start) / HOUR_MS;
    };
    expect(hours("Europe/Berlin", Date.UTC(2026, 2, 29, 12))).toBe(23);
    expect(hours("Europe/Berlin", Date.UTC(2026, 9, 25, 12))).toBe(25);
    expect(hours("Australia/Lord_Howe", Date.UTC(2026, 3, 4, 18))).toBe(24.5);
    expect(hours("UTC", Date.UTC(2026, 2, 29, 12))).toBe(24);
  });

  it.each([
    ["second", 1_000],
    ["minute", 60_000],
  ] as const)("of a %s are the same everywhere", (window, length) => {
    const at = anywhen();
    const start = at - (at % length);
    expect(windowAt({ window }, at)).toEqual({ start, end: start + length });
  });

  it("never end for totals and levels", () => {
    const endless = { start: 0, end: Number.POSITIVE_INFINITY };
    expect(windowAt({ window: "total" }, anywhen())).toEqual(endless);
    expect(windowAt({}, anywhen())).toEqual(endless);
  });
});
