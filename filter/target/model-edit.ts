// The one edit of a request that is not translated: the target's name for the model, in JSON or in a form. Kept by the
// stream, because the plan's bytes do not last.

import { ByteWriter } from "../bytes/byte-writer";
import { unescapeTo } from "../json/text";
import { FormModel } from "../multipart/form-model";
import { boundaryLength, boundaryPointer, findBoundary } from "../multipart/part-headers";
import { BufferKind, getBuffer, getHeader, HeaderMap, hostLength, hostPointer, replacePrefix, utf8 } from "../sdk";
import { Plan } from "./plan";

const CONTENT_TYPE = utf8("content-type");
const MODEL_BYTES_MAX: i32 = 64 * 1024;

const prefix = new ByteWriter(i32.MAX_VALUE);

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

export class ModelEdit {
  /** Behind the opening quote and in front of the closing one, so that the client's quotes stay. */
  private start: i32 = 0;
  private end: i32 = 0;
  private isForm: bool = false;
  private readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private readonly form: FormModel = new FormModel();

  /** False when the body passes as it is. */
  begin(plan: Plan): bool {
    this.isForm = plan.isForm;
    if (this.isForm) return this.beginForm(plan);
    if (keepsModel(plan)) return false;
    this.start = plan.modelStart + 1;
    this.end = plan.modelEnd - 1;
    this.model.reset().writeBytes(plan.modelPointer, plan.modelLength);
    return true;
  }

  /** Puts the target's model name where the client's was; costs a copy of what is in front of it, and no more. */
  apply(size: i32): Edit {
    if (this.isForm) return this.form.edit(size) ? Edit.GOES_ON : this.form.broken ? Edit.BROKEN : Edit.FAILED;
    if (size < this.end) return Edit.WAITS;
    if (!getBuffer(BufferKind.REQUEST_BODY, 0, this.start)) return Edit.FAILED;
    prefix.reset().writeBytes(hostPointer(), this.start);
    prefix.writeBytes(this.model.pointer, this.model.length);
    if (prefix.overflow) return Edit.FAILED;
    return replacePrefix(BufferKind.REQUEST_BODY, this.end, prefix.pointer, prefix.length) ? Edit.DONE : Edit.FAILED;
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
