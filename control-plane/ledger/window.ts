// Which window of a budget an instant lies in. Windows follow the calendar of the budget's zone, where a day may have 23
// or 25 hours; which days there are is time-zone.ts's knowledge. Nothing is counted here.
import type { Budget } from "../resources/budget.js";
import { type LocalDate, localDate, startOfDay, zoneOffset } from "../usage/time-zone.js";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Offsets of zones are whole quarters of an hour, and so are the moments at which they change. */
const QUARTER_MS = 900_000;
const WEEK_DAYS = 7;

/** Half open, Unix ms: `end` is not in it. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** What a window depends on. */
export type WindowRule = Pick<Budget, "window" | "timeZone" | "monthStartDay" | "weekStart">;

/** Fixed totals, and levels such as concurrent requests, have one window that never ends. */
export const ENDLESS: Window = { start: 0, end: Number.POSITIVE_INFINITY };

function fixed(at: number, length: number): Window {
  const start = Math.floor(at / length) * length;
  return { start, end: start + length };
}

function isHourStart(zone: string, quarter: number): boolean {
  const offset = zoneOffset(zone, quarter);
  return (quarter + offset) % HOUR_MS === 0 || zoneOffset(zone, quarter - QUARTER_MS) !== offset;
}

/** Where clocks change by half an hour, one of the hours beside the change is half as long. */
function hour(zone: string, at: number): Window {
  let { start, end } = fixed(at, QUARTER_MS);
  while (!isHourStart(zone, start)) start -= QUARTER_MS;
  while (!isHourStart(zone, end)) end += QUARTER_MS;
  return { start, end };
}

function days(zone: string, first: LocalDate, next: LocalDate): Window {
  return { start: startOfDay(zone, first), end: startOfDay(zone, next) };
}

/** 0 = Sunday. */
function dayOfWeek({ year, month, day }: LocalDate): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay();
}

function week(zone: string, today: LocalDate, weekStart: "monday" | "sunday"): Window {
  const since = (dayOfWeek(today) - (weekStart === "sunday" ? 0 : 1) + WEEK_DAYS) % WEEK_DAYS;
  const first = { ...today, day: today.day - since };
  return days(zone, first, { ...first, day: first.day + WEEK_DAYS });
}

function month(zone: string, today: LocalDate, startDay: number): Window {
  const first = { ...today, month: today.day < startDay ? today.month - 1 : today.month, day: startDay };
  return days(zone, first, { ...first, month: first.month + 1 });
}

/** Calendars are slow to ask, and what is asked for is nearly always the current window or the one before. */
const WINDOWS_KEPT = 3;
const RULES_KEPT_MAX = 10_000;
const kept = new Map<string, readonly Window[]>();

function remembered(rule: string, at: number, find: () => Window): Window {
  const windows = kept.get(rule) ?? [];
  const known = windows.find(({ start, end }) => start <= at && at < end);
  if (known !== undefined) return known;
  const found = find();
  if (kept.size >= RULES_KEPT_MAX) kept.clear();
  kept.set(rule, [found, ...windows].slice(0, WINDOWS_KEPT));
  return found;
}

function calendarWindow(
  { window, timeZone = "UTC", monthStartDay = 1, weekStart = "monday" }: WindowRule,
  at: number,
): Window {
  if (window === "hour") return hour(timeZone, at);
  const today = localDate(timeZone, at);
  if (window === "day") return days(timeZone, today, { ...today, day: today.day + 1 });
  return window === "week" ? week(timeZone, today, weekStart) : month(timeZone, today, monthStartDay);
}

export function windowAt(rule: WindowRule, at: number): Window {
  const { window, timeZone, monthStartDay, weekStart } = rule;
  switch (window) {
    case "second":
      return fixed(at, SECOND_MS);
    case "minute":
      return fixed(at, MINUTE_MS);
    case "hour":
    case "day":
    case "week":
    case "month":
      return remembered(`${window} ${timeZone} ${monthStartDay} ${weekStart}`, at, () => calendarWindow(rule, at));
    default:
      return ENDLESS;
  }
}
