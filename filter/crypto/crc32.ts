// CRC-32 (IEEE 802.3, reflected), a nibble a step: the table is 64 bytes and the inputs are API keys. It finds typing
// errors, not attacks.

const REMAINDERS: usize = memory.data<u32>([
  0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320,
  0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
]);

export function crc32(pointer: usize, length: i32): u32 {
  let remainder: u32 = 0xffffffff;
  for (let i: usize = 0; i < <usize>length; i++) {
    remainder ^= load<u8>(pointer + i);
    remainder = (remainder >> 4) ^ remainderOf(remainder & 15);
    remainder = (remainder >> 4) ^ remainderOf(remainder & 15);
  }
  return ~remainder;
}

function remainderOf(nibble: u32): u32 {
  return load<u32>(REMAINDERS + ((<usize>nibble) << 2));
}
