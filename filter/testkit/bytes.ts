// Wrappers around filter/bytes: the fast scanners beside their scalar twins.

import { lineEnd, lineEndScalar, plainEnd, plainEndScalar } from "../bytes/scan";
import { textRunEnd, textRunEndScalar } from "../bytes/utf8-scan";

export function bytesPlainEnd(at: usize, end: usize, scalar: bool): usize {
  return scalar ? plainEndScalar(at, end) : plainEnd(at, end);
}
export function bytesLineEnd(at: usize, end: usize, scalar: bool): usize {
  return scalar ? lineEndScalar(at, end) : lineEnd(at, end);
}
export function bytesTextRunEnd(at: usize, end: usize, scalar: bool): usize {
  return scalar ? textRunEndScalar(at, end) : textRunEnd(at, end);
}
