// The request of one attempt: translated whole, or edited while it passes. It answers what becomes of the bytes, and knows
// nothing of replies.

import { ByteWriter } from "../bytes/byte-writer";
import { ErrorCode } from "../contract";
import { BufferKind, getBuffer, hostPointer, replaceBuffer } from "../sdk";
import { Plan } from "./plan";
import { writeContentLength, writeRequestHeaders } from "./request";
import { Edit, RequestEdit } from "./request-edit";
import { TRANSLATED, Translator } from "./translator";

/** What becomes of a request: one of these, or the `ErrorCode` to refuse it with. */
export const GOES_ON: i32 = -1;
export const WAITS: i32 = -2;

/** Twice what the gateway root writes at most. */
const PLAN_BYTES_MAX: i32 = 128 * 1024;

/** The size of a request was limited before. */
const translated = new ByteWriter(i32.MAX_VALUE);

export class AttemptRequest {
  /** Nothing more is to be done with it. */
  done: bool = false;
  private translator: Translator | null = null;
  private readonly edit: RequestEdit = new RequestEdit();
  /** As it was at the headers, for the translation at the body's end: the host's bytes last for one callback only. */
  private readonly keptPlan: ByteWriter = new ByteWriter(PLAN_BYTES_MAX);
  private size: i32 = 0;

  begin(): void {
    this.done = false;
    this.translator = null;
    this.size = 0;
  }

  /** Whether the stream tells its usage only because this attempt asks for it. */
  get asksForUsage(): bool {
    const translator = this.translator;
    return translator == null ? this.edit.asks : translator.asksForUsage;
  }

  /** Writes the attempt's headers. */
  takeHeaders(plan: Plan, translator: Translator | null): i32 {
    this.translator = translator;
    if (translator != null) {
      translator.reset(plan, false);
      this.keptPlan.reset().writeBytes(plan.pointer, plan.length);
    }
    writeRequestHeaders(plan, translator);
    this.done = translator == null && !this.edit.begin(plan);
    return translator == null ? GOES_ON : WAITS;
  }

  takeBody(plan: Plan, size: i32, endOfStream: bool): i32 {
    if (this.translator != null) {
      this.size = size;
      return endOfStream ? this.translate(plan) : WAITS;
    }
    const edit = this.edit.apply(size);
    if (edit == Edit.BROKEN) return ErrorCode.INVALID_FORM;
    if (edit == Edit.FAILED) return ErrorCode.OVERLOADED;
    this.done = edit == Edit.DONE;
    return edit == Edit.WAITS ? WAITS : GOES_ON;
  }

  /** They end a body that is translated; one that is edited has passed. */
  takeTrailers(plan: Plan): i32 {
    return this.translator == null ? GOES_ON : this.translate(plan);
  }

  private translate(plan: Plan): i32 {
    const kept = this.keptPlan;
    const size = this.size;
    if (kept.overflow || !plan.read(kept.pointer, kept.length)) return ErrorCode.OVERLOADED;
    if (!getBuffer(BufferKind.REQUEST_BODY, 0, size)) return ErrorCode.OVERLOADED;
    const code = this.translator!.translateRequest(plan, hostPointer(), size, translated.reset());
    if (code != TRANSLATED) return code;
    if (translated.overflow) return ErrorCode.OVERLOADED;
    writeContentLength(translated.length);
    replaceBuffer(BufferKind.REQUEST_BODY, size, translated.pointer, translated.length);
    this.done = true;
    return GOES_ON;
  }
}
