// What of the plan an attempt needs after the callback in which it was read: its target's name, and which statuses are worth another one.

import { RETRY_STATUSES_BYTES } from "../contract";
import { markTarget } from "./mark-reply";
import { Plan } from "./plan";
import { isRetried } from "./reply";

const TARGET_ID_BYTES_MAX: i32 = 128;

export class PlanMemory {
  private readonly targetId: usize = heap.alloc(TARGET_ID_BYTES_MAX);
  private targetIdLength: i32 = 0;
  private readonly retryStatuses: usize = heap.alloc(RETRY_STATUSES_BYTES);

  take(plan: Plan): void {
    this.targetIdLength = min(plan.targetLength, TARGET_ID_BYTES_MAX);
    memory.copy(this.targetId, plan.targetPointer, this.targetIdLength);
    memory.copy(this.retryStatuses, plan.retryStatuses, RETRY_STATUSES_BYTES);
  }

  isWorthRetry(status: i32): bool {
    return isRetried(this.retryStatuses, status);
  }

  markTarget(): void {
    markTarget(this.targetId, this.targetIdLength);
  }
}
