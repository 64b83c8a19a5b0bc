// Values that rules of model routes compare with: patterns, and names of headers.
import { z } from "zod";
import { isWellFormed, withinBytes } from "./common.js";

const VALUES_MAX = 100;
const PATTERN_BYTES_MAX = 256;

export const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
/** An exact text, or a prefix of one ending in '*'. */
export const patternSchema = z
  .string()
  .min(1)
  .refine((text) => withinBytes(text, PATTERN_BYTES_MAX), { error: `must be at most ${PATTERN_BYTES_MAX} bytes` })
  .refine(isWellFormed, { error: "must not hold a lone surrogate" })
  .refine((text) => !text.slice(0, -1).includes("*"), {
    error: "may have '*' at its end alone",
    params: { mend: "Write a prefix ending in '*', or the whole text." },
  });

export const someOf = <T extends z.ZodType>(each: T) => z.array(each).min(1).max(VALUES_MAX);
