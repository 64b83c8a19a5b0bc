// Ids of state that a provider keeps (responses that can be continued), as clients get them. All consumers share one
// credential at the provider, so its own ids would let anyone continue anyone's conversation. A sealed id names the
// target that holds the state, and its seal is good for one consumer only: the key comes with the lease.
//
//   resp_slc_ + base64url( hash of the target's id, 8 bytes | the provider's id | HMAC of both, 16 bytes )

import { decodeBase64Url, encodeBase64Url } from "../bytes/base64";
import { ByteWriter } from "../bytes/byte-writer";
import { SEAL_KEY_BYTES } from "../contract";
import { utf8 } from "../sdk";
import { equalSecretly, hmacSha256 } from "./hmac";
import { sha256 } from "./sha256";

const MARK = utf8("resp_slc_");
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
  out.writeLiteral(MARK);
  encodeBase64Url(bytes.pointer, bytes.length, out);
  return true;
}

/** Whether this text is an id that was sealed with this key. */
export function openSealedId(key: usize, keyLength: i32, text: usize, length: i32): bool {
  if (keyLength != SEAL_KEY_BYTES || length <= MARK.length || !MARK.equals(text, MARK.length)) return false;
  if (!decodeBase64Url(text + <usize>MARK.length, length - MARK.length, bytes.reset()) || bytes.overflow) return false;
  const sealed = bytes.length - SEAL_BYTES;
  if (sealed <= TARGET_BYTES || !hmacSha256(key, keyLength, bytes.pointer, sealed, seal)) return false;
  if (!equalSecretly(bytes.pointer + <usize>sealed, seal, SEAL_BYTES)) return false;
  openedTarget = bytes.pointer;
  openedId = bytes.pointer + TARGET_BYTES;
  openedIdLength = sealed - TARGET_BYTES;
  return true;
}

/** Whether the id that was opened last is of this target. */
export function isOpenedTarget(target: usize, targetLength: i32): bool {
  sha256(target, targetLength, digest);
  return memory.compare(digest, openedTarget, TARGET_BYTES) == 0;
}
