// Ids of state that a provider keeps (responses that can be continued, and their items), as clients get them. All consumers
// share one credential at the provider, so its own ids would let anyone continue anyone's conversation. A sealed id names
// the target that holds the state, and its seal is good for one consumer only: the key comes with the lease. It begins as
// the provider's does, because SDKs tell items apart by that.
//
//   msg_68…   ─▶   msg + _slc_ + base64url( hash of the target's id, 8 bytes | the provider's id | HMAC of both, 16 bytes )

import { LOWER_A } from "../bytes/ascii";
import { decodeBase64Url, encodeBase64Url } from "../bytes/base64";
import { ByteWriter } from "../bytes/byte-writer";
import { SEAL_KEY_BYTES } from "../contract";
import { utf8 } from "../sdk";
import { equalSecretly, hmacSha256 } from "./hmac";
import { sha256 } from "./sha256";

const MARK = utf8("_slc_");
/** For ids that begin with no word of their own. */
const WORD = utf8("resp");
const WORD_BYTES_MAX: i32 = 16;
const UNDERSCORE: u32 = 0x5f;
const TARGET_BYTES: i32 = 8;
const SEAL_BYTES: i32 = 16;
/** Providers' ids have 30 to 200 characters. */
const ID_BYTES_MAX: i32 = 1024;

const bytes = new ByteWriter(TARGET_BYTES + ID_BYTES_MAX + SEAL_BYTES);
const digest: usize = memory.data(32);
const seal: usize = memory.data(32);

/** What `openSealedId` found; valid until the next call of either function. */
export let openedTarget: usize = 0;
export let openedId: usize = 0;
export let openedIdLength: i32 = 0;

/** Writes the sealed form of a provider's id (raw string content). False when there is no key, or the id is too long. */
export function writeSealedId(
  key: usize,
  keyLength: i32,
  target: usize,
  targetLength: i32,
  id: usize,
  idLength: i32,
  out: ByteWriter,
): bool {
  if (keyLength != SEAL_KEY_BYTES || idLength > ID_BYTES_MAX) return false;
  sha256(target, targetLength, digest);
  bytes.reset().writeBytes(digest, TARGET_BYTES);
  bytes.writeBytes(id, idLength);
  if (!hmacSha256(key, keyLength, bytes.pointer, bytes.length, seal)) return false;
  bytes.writeBytes(seal, SEAL_BYTES);
  const word = wordLength(id, idLength);
  if (word > 0) out.writeBytes(id, word);
  else out.writeLiteral(WORD);
  out.writeLiteral(MARK);
  encodeBase64Url(bytes.pointer, bytes.length, out);
  return true;
}

/** Whether it looks like one, whoever sealed it. */
export function isSealedId(text: usize, length: i32): bool {
  const word = wordLength(text, length);
  return word > 0 && length > word + MARK.length && MARK.equals(text + <usize>word, MARK.length);
}

/** Of the letters in front of the first underscore. */
function wordLength(id: usize, length: i32): i32 {
  for (let i = 0; i < length && i <= WORD_BYTES_MAX; i++) {
    const byte: u32 = load<u8>(id + <usize>i);
    if (byte == UNDERSCORE) return i;
    if (byte - LOWER_A > 25) return 0;
  }
  return 0;
}

/** Whether this text is an id that was sealed with this key. */
export function openSealedId(key: usize, keyLength: i32, text: usize, length: i32): bool {
  if (keyLength != SEAL_KEY_BYTES || !isSealedId(text, length)) return false;
  const start = wordLength(text, length) + MARK.length;
  if (!decodeBase64Url(text + <usize>start, length - start, bytes.reset()) || bytes.overflow) return false;
  const sealed = bytes.length - SEAL_BYTES;
  if (sealed <= TARGET_BYTES || !hmacSha256(key, keyLength, bytes.pointer, sealed, seal)) return false;
  if (!equalSecretly(bytes.pointer + <usize>sealed, seal, SEAL_BYTES)) return false;
  openedTarget = bytes.pointer;
  openedId = bytes.pointer + TARGET_BYTES;
  openedIdLength = sealed - TARGET_BYTES;
  return beginsAsOpened(text, wordLength(text, length));
}

/** The word in front is not under the seal, and must be the one that sealing gives. */
function beginsAsOpened(text: usize, word: i32): bool {
  const own = wordLength(openedId, openedIdLength);
  if (own == 0) return WORD.equals(text, word);
  return own == word && memory.compare(text, openedId, word) == 0;
}

/** Whether the id that was opened last is of this target. */
export function isOpenedTarget(target: usize, targetLength: i32): bool {
  sha256(target, targetLength, digest);
  return memory.compare(digest, openedTarget, TARGET_BYTES) == 0;
}
