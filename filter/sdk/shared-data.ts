// Shared data: one map for all workers that run the same VM id. There is no delete, so use a fixed set of keys. A write
// with compare-and-swap number 0 never fails, even when another worker created the key meanwhile.

import { proxy_get_shared_data, proxy_set_shared_data } from "./env";
import { OUT_LENGTH, OUT_POINTER, OUT_WORD } from "./host";
import { Status } from "./types";

/** The value is in `hostPointer`/`hostLength`, its compare-and-swap number in `sharedDataCas()`. */
export function getSharedData(key: usize, keyLength: i32): bool {
  return proxy_get_shared_data(key, keyLength, OUT_POINTER, OUT_LENGTH, OUT_WORD) == Status.OK;
}

export function sharedDataCas(): u32 {
  return load<u32>(OUT_WORD);
}

/** False when another worker wrote since the number was read: read again and decide anew. */
export function setSharedData(key: usize, keyLength: i32, value: usize, valueLength: i32, cas: u32): bool {
  return proxy_set_shared_data(key, keyLength, value, valueLength, cas) == Status.OK;
}
