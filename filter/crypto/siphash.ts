// SipHash-2-4 with 128 bits of output (Aumasson, Bernstein): a keyed hash for tables whose keys a stranger chooses. Who
// does not know the key cannot make two inputs meet. Not a digest: publish neither the key nor the output.

let v0: u64 = 0;
let v1: u64 = 0;
let v2: u64 = 0;
let v3: u64 = 0;

/** Writes 16 bytes to `out`; `key` points to 16 bytes. */
export function sipHash128(key: usize, pointer: usize, length: i32, out: usize): void {
  const k0 = load<u64>(key);
  const k1 = load<u64>(key, 8);
  v0 = 0x736f6d6570736575 ^ k0;
  v1 = 0x646f72616e646f6d ^ k1 ^ 0xee; // 0xee marks the variant with 128 bits
  v2 = 0x6c7967656e657261 ^ k0;
  v3 = 0x7465646279746573 ^ k1;

  const wordsEnd = pointer + (<usize>length & ~7);
  let at = pointer;
  for (; at < wordsEnd; at += 8) absorb(load<u64>(at));

  // The last word: what is left, and the length's low byte on top.
  let last: u64 = (<u64>length) << 56;
  for (let i: usize = 0; i < (<usize>length & 7); i++) last |= (<u64>load<u8>(at + i)) << (i * 8);
  absorb(last);

  v2 ^= 0xee;
  finish();
  store<u64>(out, v0 ^ v1 ^ v2 ^ v3);
  v1 ^= 0xdd;
  finish();
  store<u64>(out, v0 ^ v1 ^ v2 ^ v3, 8);
}

function absorb(word: u64): void {
  v3 ^= word;
  round();
  round();
  v0 ^= word;
}

function finish(): void {
  round();
  round();
  round();
  round();
}

function round(): void {
  v0 += v1;
  v2 += v3;
  v1 = rotl<u64>(v1, 13) ^ v0;
  v3 = rotl<u64>(v3, 16) ^ v2;
  v0 = rotl<u64>(v0, 32);
  v2 += v1;
  v0 += v3;
  v1 = rotl<u64>(v1, 17) ^ v2;
  v3 = rotl<u64>(v3, 21) ^ v0;
  v2 = rotl<u64>(v2, 32);
}
