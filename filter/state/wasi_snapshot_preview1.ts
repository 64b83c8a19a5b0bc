// The WASI imports that the filter uses; asc takes the module name from this file's name.

export declare function random_get(buffer: usize, length: usize): i32;
export declare function clock_time_get(clock: i32, precision: u64, result: usize): i32;
