// HTTP callouts. The host binds every callout to the root context, so it outlives the stream that wanted it; the answer
// comes to `RootContext.onCalloutResponse` with the token.

import { proxy_http_call } from "./env";
import { HeaderList } from "./header-list";
import { OUT_WORD } from "./host";
import { Status } from "./types";

/** Answers a token, or 0 when the host refused (unknown cluster, no endpoint, malformed headers): no answer follows. */
export function httpCall(
  cluster: usize,
  clusterLength: i32,
  headers: HeaderList,
  body: usize,
  bodyLength: i32,
  timeoutMs: u32,
): u32 {
  const list = headers.finish();
  const status = proxy_http_call(
    cluster,
    clusterLength,
    list,
    headers.byteLength,
    body,
    bodyLength,
    0,
    0,
    timeoutMs,
    OUT_WORD,
  );
  return status == Status.OK ? load<u32>(OUT_WORD) : 0;
}
