// What this worker alone knows of targets: how many requests they have at once, and how often they failed in a row. A fixed table;
// two targets that want the same place share it in turn, which costs a count and nothing else.

const PLACES: u32 = 1024; // power of two
const TAG: usize = 0;
const IN_FLIGHT: usize = 8;
const FAILURES: usize = 12;
const PLACE_BYTES: usize = 16;
const places: usize = heap.alloc(<usize>PLACES * PLACE_BYTES);
memory.fill(places, 0, <usize>PLACES * PLACE_BYTES);

function placeOf(tag: u64): usize {
  const place = places + <usize>((<u32>tag & (PLACES - 1)) * <u32>PLACE_BYTES);
  if (load<u64>(place) == tag) return place;
  store<u64>(place, tag, TAG);
  store<u32>(place, 0, IN_FLIGHT);
  store<u32>(place, 0, FAILURES);
  return place;
}

export function inFlight(tag: u64): u32 {
  return load<u32>(placeOf(tag), IN_FLIGHT);
}

export function attemptBegins(tag: u64): void {
  const place = placeOf(tag);
  store<u32>(place, load<u32>(place, IN_FLIGHT) + 1, IN_FLIGHT);
}

export function attemptEnds(tag: u64): void {
  const place = placeOf(tag);
  const count = load<u32>(place, IN_FLIGHT);
  if (count > 0) store<u32>(place, count - 1, IN_FLIGHT);
}

/** Answers how many there are in a row now. */
export function countFailure(tag: u64): u32 {
  const place = placeOf(tag);
  const failures = load<u32>(place, FAILURES) + 1;
  store<u32>(place, failures, FAILURES);
  return failures;
}

/** Answers how many there were. */
export function endFailures(tag: u64): u32 {
  const place = placeOf(tag);
  const failures = load<u32>(place, FAILURES);
  if (failures != 0) store<u32>(place, 0, FAILURES);
  return failures;
}
