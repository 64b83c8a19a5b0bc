// Numbers of proxy-wasm ABI 0.2.1, under the names of the specification.

export enum Action {
  CONTINUE = 0,
  /** Headers: hold them and go on to the body. Body: buffer it and call again with more. */
  PAUSE = 1,
  /**
   * Body: hold it, and read no more than the host's buffer takes until the request goes on. A body that was held by `PAUSE`
   * may only go on from its own callback: the host would send what it held twice.
   */
  PAUSE_READING = 2,
}

export enum LogLevel {
  TRACE = 0,
  DEBUG = 1,
  INFO = 2,
  WARN = 3,
  ERROR = 4,
  CRITICAL = 5,
}

export enum BufferKind {
  REQUEST_BODY = 0,
  RESPONSE_BODY = 1,
  CALLOUT_BODY = 4,
  PLUGIN_CONFIGURATION = 7,
}

export enum HeaderMap {
  REQUEST = 0,
  REQUEST_TRAILERS = 1,
  RESPONSE = 2,
  RESPONSE_TRAILERS = 3,
  CALLOUT = 6,
}

export enum StreamKind {
  REQUEST = 0,
  RESPONSE = 1,
}

export enum MetricKind {
  COUNTER = 0,
  GAUGE = 1,
  HISTOGRAM = 2,
}

export enum Status {
  OK = 0,
  NOT_FOUND = 1,
  BAD_ARGUMENT = 2,
  SERIALIZATION_FAILURE = 3,
  PARSE_FAILURE = 4,
  BAD_EXPRESSION = 5,
  INVALID_MEMORY_ACCESS = 6,
  EMPTY = 7,
  CAS_MISMATCH = 8,
  RESULT_MISMATCH = 9,
  INTERNAL_FAILURE = 10,
  BROKEN_CONNECTION = 11,
  UNIMPLEMENTED = 12,
}
