// How many further attempts this worker may make, by the requests of the last ten seconds: an outage must not multiply what providers
// are asked. A few are always allowed, so that a quiet gateway fails over too.

const SECONDS: u64 = 10;
const ALWAYS: u64 = 20;
const PERCENT: u64 = 100;

const requests: StaticArray<u32> = new StaticArray<u32>(<i32>SECONDS);
const retries: StaticArray<u32> = new StaticArray<u32>(<i32>SECONDS);
let newest: u64 = 0;
let requestSum: u64 = 0;
let retrySum: u64 = 0;

/** What is older than ten seconds counts no more. */
function turnTo(second: u64): void {
  if (second <= newest) return;
  const gone = min(second - newest, SECONDS);
  for (let i: u64 = 1; i <= gone; i++) {
    const place = <i32>((newest + i) % SECONDS);
    requestSum -= unchecked(requests[place]);
    retrySum -= unchecked(retries[place]);
    unchecked((requests[place] = 0));
    unchecked((retries[place] = 0));
  }
  newest = second;
}

/** A request is planned. Answers whether it may be tried again. */
export function countRequest(nowMs: u64, percent: u32): bool {
  turnTo(nowMs / 1000);
  unchecked(requests[<i32>(newest % SECONDS)]++);
  requestSum++;
  return retrySum < max(ALWAYS, (requestSum * <u64>percent) / PERCENT);
}

/** A further attempt at one. */
export function countRetry(nowMs: u64): void {
  turnTo(nowMs / 1000);
  unchecked(retries[<i32>(newest % SECONDS)]++);
  retrySum++;
}
