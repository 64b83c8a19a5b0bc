// `str16` of the contract between the planes. Check with `string16Fits` once, then read.
//
//   at ─▶ [ u16 length, little endian | length bytes of UTF-8 ] ─▶ next field

/** Whether a whole str16 lies in [at, end). */
export function string16Fits(at: usize, end: usize): bool {
  return at <= end && end - at >= 2 && end - at - 2 >= <usize>load<u16>(at);
}

export function string16Length(at: usize): i32 {
  return load<u16>(at);
}

export function string16Pointer(at: usize): usize {
  return at + 2;
}

/** The address behind it. */
export function string16End(at: usize): usize {
  return at + 2 + <usize>load<u16>(at);
}
