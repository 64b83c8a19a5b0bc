// Reads master keys from text: base64 or hex, one or more, divided by white space or commas. It never repeats what it
// read in an error.
import { MASTER_KEY_BYTES } from "./keyring.js";

const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/** The keys, the sealing one first; undefined if `text` is not made of 32-byte keys only. */
export function parseMasterKeys(text: string): readonly Buffer[] | undefined {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const keys = words.map((word) => {
    if (HEX.test(word)) return Buffer.from(word, "hex");
    return BASE64.test(word) ? Buffer.from(word, "base64") : Buffer.alloc(0);
  });
  return keys.length > 0 && keys.every((key) => key.length === MASTER_KEY_BYTES) ? keys : undefined;
}
