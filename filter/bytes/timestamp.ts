// Unix time as text. No time zones, no leap seconds: UTC as RFC 3339 writes it.

import { ByteWriter } from "./byte-writer";

/** `1970-01-01T00:00:00Z` */
export function writeTimestamp(unixSeconds: u32, out: ByteWriter): void {
  const days = unixSeconds / 86400;
  const seconds = unixSeconds % 86400;
  // Days to a date by 400-year eras that begin in March, so that the leap day is the last of its year.
  const shifted = days + 719468;
  const era = shifted / 146097;
  const dayOfEra = shifted % 146097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const marchMonth = (5 * dayOfYear + 2) / 153;
  const day = dayOfYear - (153 * marchMonth + 2) / 5 + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  out.writeUnsigned(year);
  two(month, 0x2d, out);
  two(day, 0x2d, out);
  two(seconds / 3600, 0x54, out);
  two((seconds / 60) % 60, 0x3a, out);
  two(seconds % 60, 0x3a, out);
  out.writeByte(0x5a);
}

function two(value: u32, before: u32, out: ByteWriter): void {
  out.writeByte(before);
  out.writeByte(0x30 + value / 10);
  out.writeByte(0x30 + (value % 10));
}
