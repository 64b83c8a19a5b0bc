// Local calendar → Unix ms, for any IANA zone and by Node's own tables. It knows days and offsets, no names or formats.

const FORMATS = new Map<string, Intl.DateTimeFormat>();
const DAY_MS = 86_400_000;

export interface LocalDate {
  readonly year: number;
  /** 1 to 12; other numbers run into the neighbouring years. */
  readonly month: number;
  /** 1 to 31; other numbers run into the neighbouring months. */
  readonly day: number;
}

export function isTimeZone(name: string): boolean {
  try {
    format(name);
    return true;
  } catch {
    return false;
  }
}

function format(zone: string): Intl.DateTimeFormat {
  let found = FORMATS.get(zone);
  if (found === undefined) {
    found = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    FORMATS.set(zone, found);
  }
  return found;
}

/** What clocks in the zone show, as if it were UTC. */
function wallClock(zone: string, unixMs: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format(zone).formatToParts(unixMs)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** How far clocks in the zone are ahead of UTC, in ms; `unixMs` is a whole second. */
export function zoneOffset(zone: string, unixMs: number): number {
  return wallClock(zone, unixMs) - unixMs;
}

function dayNumber(wallMs: number): number {
  return Math.floor(wallMs / DAY_MS);
}

export function localDate(zone: string, unixMs: number): LocalDate {
  const wall = new Date(wallClock(zone, unixMs));
  return { year: wall.getUTCFullYear(), month: wall.getUTCMonth() + 1, day: wall.getUTCDate() };
}

/** The first moment of a local day. Clocks may be changed at midnight, so it need not be 00:00, nor the first 00:00. */
export function startOfDay(zone: string, { year, month, day }: LocalDate): number {
  const midnight = Date.UTC(year, month - 1, day);
  const candidates = [midnight - DAY_MS, midnight + DAY_MS]
    .map((near) => midnight - (wallClock(zone, near) - near))
    .sort((a, b) => a - b);
  const first = candidates.find((at) => dayNumber(wallClock(zone, at)) >= dayNumber(midnight));
  return first ?? midnight;
}
