// The imports of proxy-wasm ABI 0.2.1, as the host names them. asc takes the module name "env" from this file's name.
// Nothing here checks, converts or allocates: use the wrappers in the other files.

export declare function proxy_log(level: i32, message: usize, messageSize: usize): i32;
export declare function proxy_get_current_time_nanoseconds(result: usize): i32;
export declare function proxy_set_tick_period_milliseconds(period: u32): i32;

export declare function proxy_get_property(path: usize, pathSize: usize, value: usize, valueSize: usize): i32;
export declare function proxy_set_property(path: usize, pathSize: usize, value: usize, valueSize: usize): i32;

export declare function proxy_get_buffer_bytes(kind: i32, start: u32, length: u32, data: usize, dataSize: usize): i32;
export declare function proxy_set_buffer_bytes(kind: i32, start: u32, length: u32, data: usize, dataSize: usize): i32;

export declare function proxy_get_header_map_pairs(map: i32, data: usize, dataSize: usize): i32;
export declare function proxy_set_header_map_pairs(map: i32, data: usize, dataSize: usize): i32;
export declare function proxy_get_header_map_value(
  map: i32,
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
): i32;
export declare function proxy_replace_header_map_value(
  map: i32,
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
): i32;
export declare function proxy_add_header_map_value(
  map: i32,
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
): i32;
export declare function proxy_remove_header_map_value(map: i32, key: usize, keySize: usize): i32;

export declare function proxy_send_local_response(
  status: u32,
  details: usize,
  detailsSize: usize,
  body: usize,
  bodySize: usize,
  headers: usize,
  headersSize: usize,
  grpcStatus: i32,
): i32;
export declare function proxy_continue_stream(kind: i32): i32;
export declare function proxy_close_stream(kind: i32): i32;

export declare function proxy_http_call(
  cluster: usize,
  clusterSize: usize,
  headers: usize,
  headersSize: usize,
  body: usize,
  bodySize: usize,
  trailers: usize,
  trailersSize: usize,
  timeout: u32,
  token: usize,
): i32;
export declare function proxy_set_effective_context(context: u32): i32;

export declare function proxy_get_shared_data(
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
  cas: usize,
): i32;
export declare function proxy_set_shared_data(
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
  cas: u32,
): i32;

export declare function proxy_define_metric(kind: i32, name: usize, nameSize: usize, id: usize): i32;
export declare function proxy_increment_metric(id: u32, offset: i64): i32;
export declare function proxy_record_metric(id: u32, value: u64): i32;
export declare function proxy_get_metric(id: u32, value: usize): i32;

export declare function proxy_call_foreign_function(
  name: usize,
  nameSize: usize,
  argument: usize,
  argumentSize: usize,
  result: usize,
  resultSize: usize,
): i32;
