// Azure OpenAI's dated API is OpenAI's with the model's deployment in the path; which API version is meant stands in the
// target's query. Its v1 API needs none of this and is dialect `openai`.
// https://learn.microsoft.com/en-us/azure/foundry/openai/reference

import { ByteWriter } from "../../bytes/byte-writer";
import { writePathSegment } from "../../bytes/percent";
import { Operation, Quirk } from "../../contract";
import { Plan } from "../plan";

/** In front of the operation's own path. Responses name their deployment in the body only. */
export function writeDeployment(plan: Plan, out: ByteWriter): void {
  if (plan.operation == Operation.RESPONSES && (plan.quirks & Quirk.RESPONSES) != 0) return;
  out.writeAscii("/deployments/");
  writePathSegment(plan.modelPointer, plan.modelLength, out);
}
