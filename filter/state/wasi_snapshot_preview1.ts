// The one WASI import that the filter uses; asc takes the module name from this file's name.

export declare function random_get(buffer: usize, length: usize): i32;
