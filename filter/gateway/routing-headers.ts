// Keeps the values of the client's headers that rules of model routes ask for, before all but a few headers are removed.

import { getHeaderBytes, HeaderMap, hostLength, hostPointer } from "../sdk";
import { Exchange } from "./exchange";

/** More of a value than any pattern has. */
const VALUE_BYTES_MAX: i32 = 257;

export function keepRoutingHeaders(exchange: Exchange): void {
  const config = exchange.config;
  if (config == null) return;
  const list = config.routingHeaders;
  const count: i32 = load<u16>(list);
  if (count == 0) return;
  const out = exchange.routingHeaders.reset();
  let name = list + 2;
  for (let i = 0; i < count; i++) {
    const length: i32 = load<u16>(name);
    const found = getHeaderBytes(HeaderMap.REQUEST, name + 2, length);
    out.writeByte(found ? 1 : 0);
    if (found) out.writeString16(hostPointer(), min(hostLength(), VALUE_BYTES_MAX));
    else out.writeU16(0);
    name += 2 + <usize>length;
  }
  if (out.overflow) out.reset();
}
