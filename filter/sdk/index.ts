// The SDK's public face for filters. The exports that the host calls are in exports.ts.

export { arenaAllocate, memoryAllows, memoryBytes } from "./arena";
export { appendToBuffer, getBuffer, replaceBuffer, replacePrefix } from "./buffers";
export { httpCall } from "./callout";
export { nowMs, nowNs, setTickPeriod } from "./clock";
export { closeDue, closeSoon } from "./closing";
export { noteGarbage } from "./collector";
export { RootContext, StreamContext } from "./context";
export { callForeignFunction, clearRouteCache } from "./foreign";
export { HeaderList } from "./header-list";
export {
  addHeader,
  getHeader,
  getHeaderBytes,
  HeaderCursor,
  removeHeader,
  removeHeaderBytes,
  setHeader,
  setHeaderLiteral,
} from "./headers";
export { hostLength, hostPointer } from "./host";
export { registerRoot } from "./lifecycle";
export { Literal, utf8 } from "./literal";
export { log, logBytes, logLiteral } from "./log";
export { Metric } from "./metrics";
export { getProperty, setProperty } from "./properties";
export { getSharedData, setSharedData, sharedDataCas } from "./shared-data";
export { actAs, closeStream, continueRequest, continueResponse, sendLocalReply } from "./stream";
export { Action, BufferKind, HeaderMap, LogLevel, MetricKind, Status, StreamKind } from "./types";
