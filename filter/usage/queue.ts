// Usage events on their way to the control plane: lines that one worker collects and sends in batches, each until it is
// acknowledged. Two blocks bound what is kept; beyond them events are dropped and counted, and Envoy's access log has them still.
//
//   push ─▶ [ filling ] ─ tick, or half full ─▶ [ sending ] ─ 200 ─▶ forgotten
//                                                   └─ anything else ─▶ sent again, with the same ids

import { LINE_FEED } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { nowMs } from "../sdk";
import { CalloutApi } from "../state/callout-api";
import { usageCalloutsTotal, usageEventsDroppedTotal, usageEventsTotal } from "../telemetry/metrics";

const BLOCK_BYTES_MAX: i32 = 512 * 1024;
/** Worth a batch before the next tick. */
const BATCH_BYTES: i32 = 128 * 1024;
/** Nobody waits for it, and a store may be slow. */
const TIMEOUT_MS: u32 = 5_000;

class UsageQueue {
  private filling: ByteWriter = new ByteWriter(BLOCK_BYTES_MAX);
  private sending: ByteWriter = new ByteWriter(BLOCK_BYTES_MAX);
  private token: u32 = 0;
  private deadlineMs: u64 = 0;

  push(line: ByteWriter): void {
    usageEventsTotal.add(1);
    const filling = this.filling;
    if (line.overflow || filling.length + line.length + 1 > BLOCK_BYTES_MAX) {
      usageEventsDroppedTotal.add(1);
      return;
    }
    const before = filling.length;
    filling.writeBytes(line.pointer, line.length);
    filling.writeByte(LINE_FEED);
    if (filling.overflow) {
      // Memory is short.
      filling.truncate(before);
      filling.overflow = false;
      usageEventsDroppedTotal.add(1);
    } else if (filling.length >= BATCH_BYTES && this.sending.length == 0) {
      this.flush();
    }
  }

  /** Call from the tick: sends what there is, or again what was not acknowledged. */
  flush(): void {
    const now = nowMs();
    if (this.token != 0 && now < this.deadlineMs) return;
    if (this.sending.length == 0) {
      if (this.filling.length == 0) return;
      const empty = this.sending.reset();
      this.sending = this.filling;
      this.filling = empty;
    }
    this.token = CalloutApi.sendUsage(this.sending.pointer, this.sending.length, TIMEOUT_MS);
    this.deadlineMs = now + <u64>TIMEOUT_MS * 2;
    usageCalloutsTotal.add(1);
  }

  /** False when the callout is not one of these. */
  onCalloutResponse(token: u32, succeeded: bool): bool {
    if (token != this.token || token == 0) return false;
    this.token = 0;
    if (succeeded) this.sending.reset();
    return true;
  }
}

export const usageQueue = new UsageQueue();
