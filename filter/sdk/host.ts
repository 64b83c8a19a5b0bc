// The out-parameters of host calls. A wrapper that answers `true` has left its result in `hostPointer` and `hostLength`;
// the bytes live until the outermost callback returns (see arena.ts), the two variables until the next host call.

const out: usize = memory.data(16);

export const OUT_POINTER: usize = out;
export const OUT_LENGTH: usize = out + 4;
export const OUT_WORD: usize = out + 8;

export function hostPointer(): usize {
  return load<usize>(OUT_POINTER);
}

export function hostLength(): i32 {
  return load<i32>(OUT_LENGTH);
}
