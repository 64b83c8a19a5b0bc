// The ids of one attempt at a provider that keeps what it answers: sealed on their way to the client, opened on their way
// back. It holds copies of what it seals with, because a plan's bytes do not last.

import { ByteWriter } from "../../bytes/byte-writer";
import { equalBytes } from "../../bytes/compare";
import {
  isOpenedTarget,
  isSealedId,
  openedId,
  openedIdLength,
  openSealedId,
  writeSealedId,
} from "../../crypto/sealed-id";
import { Plan } from "../plan";
import { Value } from "../translation/value";

const NAME_BYTES_MAX: i32 = 1024;
const SEALED_BYTES_MAX: i32 = 2048;

export class SealedIds {
  /** Items of an answer that is not stored cannot be referred to: their ids pass. */
  sealsItems: bool = true;
  private readonly key: ByteWriter = new ByteWriter(NAME_BYTES_MAX);
  private readonly target: ByteWriter = new ByteWriter(NAME_BYTES_MAX);
  /** The last id and its seal: every event of a stream names its item. */
  private readonly lastId: ByteWriter = new ByteWriter(NAME_BYTES_MAX);
  private readonly lastSealed: ByteWriter = new ByteWriter(SEALED_BYTES_MAX);

  take(plan: Plan): void {
    const key = plan.sealKey;
    this.key.reset().writeBytes(key + 2, load<u16>(key));
    this.target.reset().writeBytes(plan.targetPointer, plan.targetLength);
    this.sealsItems = true;
    this.lastId.reset();
  }

  isSealed(id: Value): bool {
    return id.isString && isSealedId(id.pointer, id.length);
  }

  /** Whether it was sealed for this consumer, whichever target it is of. */
  isOwn(id: Value): bool {
    return id.isString && openSealedId(this.key.pointer, this.key.length, id.pointer, id.length);
  }

  /** Whether it was sealed for this consumer and is of this target. */
  opens(id: Value): bool {
    return this.isOwn(id) && isOpenedTarget(this.target.pointer, this.target.length);
  }

  /** The provider's own id, of one that `isOwn`. */
  writeOpened(id: Value, out: ByteWriter): void {
    if (this.isOwn(id)) out.writeBytes(openedId, openedIdLength);
  }

  /** False when it cannot be sealed. */
  writeSealed(pointer: usize, length: i32, out: ByteWriter): bool {
    const last = this.lastId;
    if (!equalBytes(pointer, length, last.pointer, last.length)) {
      const key = this.key;
      const target = this.target;
      const sealed = this.lastSealed.reset();
      last.reset();
      if (!writeSealedId(key.pointer, key.length, target.pointer, target.length, pointer, length, sealed)) return false;
      if (sealed.overflow) return false;
      last.writeBytes(pointer, length);
    }
    out.writeBytes(this.lastSealed.pointer, this.lastSealed.length);
    return true;
  }
}
