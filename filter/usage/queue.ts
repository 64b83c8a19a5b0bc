// Usage events on their way to the control plane: lines that each worker collects and sends in batches, each until it is
// acknowledged. A number of blocks bounds what is kept, enough for a control plane that restarts under load; beyond it
// events are dropped and counted, and Envoy's access log has them still.
//
//   push ─▶ [ filling ] ─ full ─▶ [ waiting … ] ─▶ [ sending ] ─ 200 ─▶ forgotten
//               └─ tick, or worth a batch ────────────▶ └─ anything else ─▶ sent again, with the same ids

import { LINE_FEED } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { nowMs } from "../sdk";
import { CalloutApi } from "../state/callout-api";
import { usageCalloutsTotal, usageEventsDroppedTotal, usageEventsTotal } from "../telemetry/metrics";

/** The control plane takes no larger batch. */
const BLOCK_BYTES_MAX: i32 = 512 * 1024;
/** With these a worker keeps some 10,000 events. */
const BLOCKS_MAX: i32 = 16;
/** Worth a batch before the next tick. */
const BATCH_BYTES: i32 = 128 * 1024;
/** Nobody waits for it, and a store may be slow. */
const TIMEOUT_MS: u32 = 5_000;

class UsageQueue {
  /** A ring of `count` blocks in use, from the oldest, which is sent next, to the newest, which fills. */
  private blocks: StaticArray<ByteWriter> = newBlocks();
  private oldest: i32 = 0;
  private count: i32 = 1;
  /** The oldest was sent: its bytes stay as they are, so that sending it again is the same statement. */
  private sealed: bool = false;
  private token: u32 = 0;
  private deadlineMs: u64 = 0;

  push(line: ByteWriter): void {
    usageEventsTotal.add(1);
    const size = line.length + 1;
    if (line.overflow || !this.makeRoom(size)) {
      usageEventsDroppedTotal.add(1);
      return;
    }
    const filling = this.newest();
    filling.writeBytes(line.pointer, line.length);
    filling.writeByte(LINE_FEED);
    if (!this.sealed && filling.length >= BATCH_BYTES) this.flush();
  }

  /** Call from the tick: sends what there is, or again what was not acknowledged. */
  flush(): void {
    const now = nowMs();
    if (this.token != 0 && now < this.deadlineMs) return;
    const block = this.blocks[this.oldest];
    if (block.length == 0) return;
    this.sealed = true;
    this.token = CalloutApi.sendUsage(block.pointer, block.length, TIMEOUT_MS);
    this.deadlineMs = now + <u64>TIMEOUT_MS * 2;
    usageCalloutsTotal.add(1);
  }

  /** False when the callout is not one of these. */
  onCalloutResponse(token: u32, succeeded: bool): bool {
    if (token != this.token || token == 0) return false;
    this.token = 0;
    if (!succeeded) return true;
    this.blocks[this.oldest].reset();
    this.sealed = false;
    if (this.count == 1) return true;
    this.oldest = (this.oldest + 1) % BLOCKS_MAX;
    this.count--;
    // Full blocks that an outage has left need not wait for ticks.
    if (this.count > 1) this.flush();
    return true;
  }

  private newest(): ByteWriter {
    return this.blocks[(this.oldest + this.count - 1) % BLOCKS_MAX];
  }

  /** The newest block takes so many bytes more, or a new one does; false if they are all full or memory is short. */
  private makeRoom(size: i32): bool {
    const isSealed = this.sealed && this.count == 1;
    if (!isSealed && this.newest().length + size <= BLOCK_BYTES_MAX) return takes(this.newest(), size);
    if (this.count == BLOCKS_MAX) return false;
    this.count++;
    if (takes(this.newest(), size)) return true;
    this.count--;
    return false;
  }
}

/** False if memory is short. */
function takes(block: ByteWriter, size: i32): bool {
  if (block.reserve(size)) return true;
  block.overflow = false;
  return false;
}

function newBlocks(): StaticArray<ByteWriter> {
  const blocks = new StaticArray<ByteWriter>(BLOCKS_MAX);
  for (let i = 0; i < BLOCKS_MAX; i++) blocks[i] = new ByteWriter(BLOCK_BYTES_MAX);
  return blocks;
}

export const usageQueue = new UsageQueue();
