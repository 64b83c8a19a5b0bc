// Providers quote the key that they refuse. What looks like a key in an error's text is overwritten in place with asterisks,
// so that lengths and JSON stay what they were. Nobody here knows the provider's key: a key is known by its prefix, by the
// word in front of it, or by "Bearer". A text without keys keeps every byte.
//
//   Incorrect API key provided: sk-abcdefgh12345678.      ─▶      Incorrect API key provided: sk-****************.

import { isDigit, toLower } from "../bytes/ascii";
import { Literal, utf8 } from "../sdk";

/** How keys of providers begin, and of this gateway. */
const PREFIXES: StaticArray<Literal> = [
  utf8("sk-"),
  utf8("AIza"),
  utf8("AKIA"),
  utf8("ASIA"),
  utf8("ABSK"),
  utf8("gsk_"),
  utf8("xai-"),
  utf8("csk-"),
  utf8("pplx-"),
  utf8("nvapi-"),
  utf8("hf_"),
  utf8("r8_"),
  utf8("fw_"),
  utf8("app-"),
  utf8("pat_"),
];
/** Words that announce one. */
const WORDS: StaticArray<Literal> = [utf8("key"), utf8("token"), utf8("secret"), utf8("credential"), utf8("bearer")];

/** Shorter ones are no secrets, or no keys. */
const BEHIND_PREFIX_BYTES_MIN: usize = 10;
const BEHIND_WORD_BYTES_MIN: usize = 16;
const BEHIND_BEARER_BYTES_MIN: usize = 8;
/** How far behind its word a key may stand: "key provided: '…'". */
const WORD_BYTES_MAX: usize = 32;
const ASTERISK: u32 = 0x2a;

/** Answers whether anything was overwritten. */
export function redactKeys(pointer: usize, length: i32): bool {
  const end = pointer + <usize>length;
  let found = false;
  let wordEnd: usize = 0;
  let bearerEnd: usize = 0;
  let at = pointer;
  while (at < end) {
    if (!isTokenByte(load<u8>(at))) {
      at++;
      continue;
    }
    const start = at;
    while (at < end && isTokenByte(load<u8>(at))) at++;
    const prefix = prefixOf(start, at);
    const isAnnounced = wordEnd != 0 && start - wordEnd <= WORD_BYTES_MAX;
    const isCarried = bearerEnd != 0 && start - bearerEnd == 1;
    if (
      (prefix > 0 && at - start - prefix >= BEHIND_PREFIX_BYTES_MIN) ||
      (isAnnounced && at - start >= BEHIND_WORD_BYTES_MIN && isMixed(start, at)) ||
      (isCarried && at - start >= BEHIND_BEARER_BYTES_MIN && isMixed(start, at))
    ) {
      // The rest of a base64 text belongs to it.
      while (at < end && isBase64Byte(load<u8>(at))) at++;
      memory.fill(start + prefix, <u8>ASTERISK, keyEnd(start, at) - start - prefix);
      found = true;
    } else if (isWord(start, at)) {
      wordEnd = at;
      if (endsWith(start, at, unchecked(WORDS[WORDS.length - 1]))) bearerEnd = at;
    }
  }
  return found;
}

/** The full stop of the sentence is not part of a key. */
function keyEnd(start: usize, end: usize): usize {
  let last = end;
  while (last > start && <u32>load<u8>(last - 1) == 0x2e) last--;
  return last;
}

function isTokenByte(byte: u32): bool {
  const letter = byte | 0x20;
  if (letter - 0x61 <= 25 || isDigit(byte)) return true;
  return byte == 0x2d || byte == 0x5f || byte == 0x2e || byte == ASTERISK; // - _ . *
}

function isBase64Byte(byte: u32): bool {
  return isTokenByte(byte) || byte == 0x2b || byte == 0x2f || byte == 0x3d || byte == 0x7e; // + / = ~
}

function prefixOf(start: usize, end: usize): usize {
  for (let i = 0; i < PREFIXES.length; i++) {
    const prefix = unchecked(PREFIXES[i]);
    if (end - start >= <usize>prefix.length && prefix.equals(start, prefix.length)) return prefix.length;
  }
  return 0;
}

/** Letters and digits: a host's or a model's name mostly has only one of them in such a length. */
function isMixed(start: usize, end: usize): bool {
  let hasDigit = false;
  let hasLetter = false;
  for (let at = start; at < end; at++) {
    if (isDigit(load<u8>(at))) hasDigit = true;
    else if ((<u32>load<u8>(at) | 0x20) - 0x61 <= 25) hasLetter = true;
  }
  return hasDigit && hasLetter;
}

function isWord(start: usize, end: usize): bool {
  for (let i = 0; i < WORDS.length; i++) if (endsWith(start, end, unchecked(WORDS[i]))) return true;
  return false;
}

function endsWith(start: usize, end: usize, word: Literal): bool {
  const length = <usize>word.length;
  if (end - start < length) return false;
  for (let i: usize = 0; i < length; i++) {
    if (toLower(load<u8>(end - length + i)) != <u32>load<u8>(word.pointer + i)) return false;
  }
  return true;
}
