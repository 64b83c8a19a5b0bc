// The path of a request at its target, behind the provider's base path: a translator knows its own, everything else is
// called as the client calls it; Azure's deployment stands in front, the target's own query behind.

import { AMPERSAND, QUESTION_MARK } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { Dialect, Operation } from "../contract";
import { isGemini, pathOf } from "../operations";
import { writeDeployment } from "./azure/azure-path";
import { writeGeminiPath } from "./gemini/path";
import { Plan } from "./plan";
import { Translator } from "./translator";

export function writeTargetPath(plan: Plan, translator: Translator | null, out: ByteWriter): void {
  const start = out.length;
  const passed = plan.operation == Operation.PASSED;
  if (plan.dialect == Dialect.AZURE && !passed) writeDeployment(plan, out);
  if (translator != null) translator.writePath(plan, out);
  else if (isGemini(plan.operation)) writeGeminiPath(plan, out);
  else if (passed) out.writeBytes(plan.passedPath + 2, load<u16>(plan.passedPath));
  else out.writeLiteral(pathOf(plan.operation));
  if (plan.queryLength > 0) writeQuery(plan, start, out);
}

/** The target's own query, behind one that the operation may have. */
function writeQuery(plan: Plan, start: i32, out: ByteWriter): void {
  let mark: u32 = QUESTION_MARK;
  for (let i = start; i < out.length; i++) {
    if (<u32>load<u8>(out.pointer + <usize>i) == QUESTION_MARK) mark = AMPERSAND;
  }
  out.writeByte(mark);
  out.writeBytes(plan.queryPointer, plan.queryLength);
}
