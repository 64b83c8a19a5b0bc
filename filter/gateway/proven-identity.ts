// Whom Envoy's own JWT filter has proven the caller to be, from filter state, which no client can write. An identity stands
// where an API key would: the digest of this text is what the control plane knows it by.
//
//   jwt: [ issuer ] LF [ subject ]        neither holds a LF, or nobody has registered it

import { ByteWriter } from "../bytes/byte-writer";
import {
  FILTER_STATE_JWT_ISSUER,
  FILTER_STATE_JWT_ISSUER_LENGTH,
  FILTER_STATE_JWT_SUBJECT,
  FILTER_STATE_JWT_SUBJECT_LENGTH,
  IDENTITY_PREFIX,
  IDENTITY_PREFIX_LENGTH,
} from "../contract";
import { getProperty, hostLength, hostPointer, utf8 } from "../sdk";

/** Longer ones cannot be registered (control-plane/resources/identity.ts). */
const TEXT_BYTES_MAX: i32 = 256;
const LINE_FEED: u32 = 0x0a;

const FILTER_STATE = utf8("filter_state\0");
const path = new ByteWriter(64);
const identity = new ByteWriter(2 * TEXT_BYTES_MAX + 16);

/** Stays as it is until the next call; null when nobody was proven. */
export function provenIdentity(): ByteWriter | null {
  identity.reset().writeBytes(IDENTITY_PREFIX, IDENTITY_PREFIX_LENGTH);
  if (!append(FILTER_STATE_JWT_ISSUER, FILTER_STATE_JWT_ISSUER_LENGTH)) return null;
  identity.writeByte(LINE_FEED);
  return append(FILTER_STATE_JWT_SUBJECT, FILTER_STATE_JWT_SUBJECT_LENGTH) ? identity : null;
}

function append(name: usize, length: i32): bool {
  path.reset().writeLiteral(FILTER_STATE);
  path.writeBytes(name, length);
  if (!getProperty(path.pointer, path.length)) return false;
  if (hostLength() == 0 || hostLength() > TEXT_BYTES_MAX) return false;
  identity.writeBytes(hostPointer(), hostLength());
  return true;
}
