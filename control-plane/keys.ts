// API keys (ARCHITECTURE §2.6): made, checked for their form, and hashed. No key is kept here or anywhere else: what
// outlives a request is the SHA-256.
import { createHash, randomInt } from "node:crypto";
import { crc32 } from "node:zlib";
import { API_KEY_BYTES, API_KEY_CHECKSUM_BYTES, API_KEY_PREFIX } from "./contract.js";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY_CHARACTERS = API_KEY_BYTES - API_KEY_CHECKSUM_BYTES - API_KEY_PREFIX.length;
const FORM = new RegExp(`^${API_KEY_PREFIX}[0-9A-Za-z]{${BODY_CHARACTERS + API_KEY_CHECKSUM_BYTES}}$`);
/** Enough to tell two keys of a consumer apart, and far too little to guess the rest. */
const SHOWN_CHARACTERS = API_KEY_PREFIX.length + 4;

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = "";
  for (let i = 0; i < API_KEY_CHECKSUM_BYTES; i++) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}

/** A new key with 190 bits of randomness. */
export function generateApiKey(): string {
  let text = API_KEY_PREFIX;
  for (let i = 0; i < BODY_CHARACTERS; i++) text += ALPHABET.charAt(randomInt(ALPHABET.length));
  return text + checksum(text);
}

/** Form and checksum only; says nothing about whether the key is registered. */
export function isApiKey(text: string): boolean {
  const end = API_KEY_BYTES - API_KEY_CHECKSUM_BYTES;
  return FORM.test(text) && checksum(text.slice(0, end)) === text.slice(end);
}

/** SHA-256 of the whole key, 64 lower case hex characters: the name that both planes know it by. */
export function apiKeyDigest(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** The part of a key that lists show. */
export function apiKeyShownPrefix(key: string): string {
  return key.slice(0, SHOWN_CHARACTERS);
}
