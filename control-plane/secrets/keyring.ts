// Seals provider credentials with AES-256-GCM under a master key that lives outside the store. Each box is bound to
// the name it was made for, so that one provider's ciphertext is worthless in the place of another's.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import type { SealedSecret } from "../store/store.js";

export const MASTER_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The secret cannot be opened: its master key is not on the ring, or its bytes were changed. */
export class SealError extends Error {
  override readonly name = "SealError";
}

/** Names a master key without telling anything about it. */
function masterKeyId(key: Buffer): string {
  return createHash("sha256").update("sluice master key id").update(key).digest("hex").slice(0, 16);
}

/** One or more master keys: the first seals, all of them open. To rotate, put the new key before the old one. */
export class Keyring {
  readonly #keys: ReadonlyMap<string, Buffer>;
  /** Id of the key that seals. */
  readonly currentKeyId: string;

  /** `keys` must hold at least one key of 32 bytes. */
  constructor(keys: readonly Buffer[]) {
    const [first] = keys;
    if (first === undefined || keys.some((key) => key.length !== MASTER_KEY_BYTES)) {
      throw new RangeError(`a keyring takes one or more keys of ${MASTER_KEY_BYTES} bytes`);
    }
    this.#keys = new Map(keys.map((key) => [masterKeyId(key), key]));
    this.currentKeyId = masterKeyId(first);
  }

  /** `name` must be given again to open the box. */
  seal(name: string, secret: string): SealedSecret {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key(this.currentKeyId), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(name));
    const box = Buffer.concat([nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return { keyId: this.currentKeyId, box: box.toString("base64") };
  }

  /** Throws SealError. */
  open(name: string, sealed: SealedSecret): string {
    const box = Buffer.from(sealed.box, "base64");
    if (box.length < NONCE_BYTES + TAG_BYTES) throw new SealError(`the stored secret of ${name} is damaged`);
    const nonce = box.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", this.#key(sealed.keyId), nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(name));
    decipher.setAuthTag(box.subarray(box.length - TAG_BYTES));
    try {
      const clear = decipher.update(box.subarray(NONCE_BYTES, box.length - TAG_BYTES));
      return Buffer.concat([clear, decipher.final()]).toString("utf8");
    } catch {
      throw new SealError(`the stored secret of ${name} is damaged, or was made for another name`);
    }
  }

  /** A key of its own for one purpose and one name (HKDF): the same as long as the first master key is the same. */
  derive(purpose: string, name: string, length: number): Buffer {
    const about = `sluice ${purpose}\0${name}`;
    return Buffer.from(hkdfSync("sha256", this.#key(this.currentKeyId), Buffer.alloc(0), about, length));
  }

  #key(id: string): Buffer {
    const key = this.#keys.get(id);
    if (key === undefined) throw new SealError(`master key ${id} is not at hand`);
    return key;
  }
}
