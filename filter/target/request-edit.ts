// The edits of a request that is not translated: the target's name for the model, in JSON or in a form, and that its stream
// shall tell what it used. Kept by the stream, because the plan's bytes do not last.

import { ByteWriter } from "../bytes/byte-writer";
import { Splicer } from "../json/splicer";
import { unescapeTo } from "../json/text";
import { FormModel } from "../multipart/form-model";
import { boundaryLength, boundaryPointer, findBoundary } from "../multipart/part-headers";
import {
  BufferKind,
  getBuffer,
  getHeader,
  HeaderMap,
  hostLength,
  hostPointer,
  Literal,
  replacePrefix,
  utf8,
} from "../sdk";
import { Plan } from "./plan";
import { asksForUsage, usageAskText } from "./usage-ask";

const CONTENT_TYPE = utf8("content-type");
const MODEL_BYTES_MAX: i32 = 64 * 1024;

const prefix = new ByteWriter(i32.MAX_VALUE);
const splicer = new Splicer();

export enum Edit {
  /** More of the body is needed first. */
  WAITS,
  /** What has come may go on; more may be edited. */
  GOES_ON,
  DONE,
  /** Two readers could differ about which model is meant. */
  BROKEN,
  /** Memory is short. */
  FAILED,
}

export class RequestEdit {
  /** Behind the opening quote and in front of the closing one, so that the client's quotes stay; 0 = no model to write. */
  private start: i32 = 0;
  private end: i32 = 0;
  private isForm: bool = false;
  private readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private readonly form: FormModel = new FormModel();
  /** Null = nothing is asked. */
  private ask: Literal | null = null;
  private askStart: i32 = 0;
  private askEnd: i32 = 0;

  /** Whether the stream tells its usage only because it is asked for it here. */
  get asks(): bool {
    return this.ask != null;
  }

  /** False when the body passes as it is. */
  begin(plan: Plan): bool {
    this.ask = null;
    this.start = 0;
    this.end = 0;
    this.isForm = plan.isForm;
    if (this.isForm) return this.beginForm(plan);
    if (asksForUsage(plan)) {
      this.ask = usageAskText(plan);
      this.askStart = plan.usageAskStart;
      this.askEnd = plan.usageAskEnd;
    }
    if (!keepsModel(plan)) {
      this.start = plan.modelStart + 1;
      this.end = plan.modelEnd - 1;
      this.model.reset().writeBytes(plan.modelPointer, plan.modelLength);
    }
    return this.end > 0 || this.ask != null;
  }

  /** Costs a copy of what is in front of the last change, and no more. */
  apply(size: i32): Edit {
    if (this.isForm) return this.form.edit(size) ? Edit.GOES_ON : this.form.broken ? Edit.BROKEN : Edit.FAILED;
    const last = max(this.end, this.ask == null ? 0 : this.askEnd);
    if (size < last) return Edit.WAITS;
    if (last > 0 && !getBuffer(BufferKind.REQUEST_BODY, 0, last)) return Edit.FAILED;
    splicer.begin(hostPointer(), last);
    const asksFirst = this.ask != null && this.askStart < this.start;
    if (asksFirst) this.addAsk();
    if (this.end > 0) splicer.replace(this.start, this.end, this.model.pointer, this.model.length);
    if (!asksFirst) this.addAsk();
    splicer.writePrefixTo(prefix.reset());
    if (prefix.overflow) return Edit.FAILED;
    return replacePrefix(BufferKind.REQUEST_BODY, last, prefix.pointer, prefix.length) ? Edit.DONE : Edit.FAILED;
  }

  private addAsk(): void {
    const ask = this.ask;
    if (ask != null) splicer.replace(this.askStart, this.askEnd, ask.pointer, ask.length);
  }

  /** False when its Content-Type is gone. */
  private beginForm(plan: Plan): bool {
    const form = this.form;
    if (!getHeader(HeaderMap.REQUEST, CONTENT_TYPE)) return false;
    if (!findBoundary(hostPointer(), hostLength())) return false;
    form.begin(boundaryPointer, boundaryLength, plan.modelEnd == 0);
    unescapeTo(plan.modelPointer, plan.modelLength, form.name);
    return true;
  }
}

/** The target calls the model by the same name as the client, or the path says it. */
function keepsModel(plan: Plan): bool {
  if (plan.modelEnd == 0) return true;
  return (
    plan.modelLength == plan.originalModelLength &&
    memory.compare(plan.modelPointer, plan.originalModelPointer, plan.modelLength) == 0
  );
}
