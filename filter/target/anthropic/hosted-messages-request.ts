// A Messages request for a host of Claude: the client's own bytes, but for the few members that differ.
//
//   {"model":"m","stream":true,"max_tokens":9,…}   ─▶   {"anthropic_version":"bedrock-2023-05-31","max_tokens":9,…}

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { escapeTo } from "../../json/text";
import { Plan } from "../plan";
import { JsonCopy, Members } from "../translation/members";
import { Notes } from "../translation/notes";
import { Translation } from "../translation/translation";
import { Fields } from "../translation/value";
import { HostedBetas } from "./hosted-betas";

const request = new Fields();
const messages = request.add("messages");
const requestThinking = request.add("thinking");
const thinking = new Fields();
const thinkingBudget = thinking.add("budget_tokens");

const t = new Translation();
const copy = new JsonCopy();
const members = new Members(copy);
const betas = new HostedBetas();

export function writeHostedRequest(
  plan: Plan,
  onBedrock: bool,
  body: usize,
  length: i32,
  out: ByteWriter,
  notes: Notes,
): i32 {
  t.begin(out, notes);
  if (!readRequest(body, length)) return t.code;
  beginBody(body, out);
  writeVersion(onBedrock, out);
  if (!writeBetas(plan, onBedrock, out)) return t.code;
  const hasBetas = onBedrock && load<u16>(plan.anthropicBeta) > 0;
  members.begin(body, length);
  while (members.next()) {
    if (members.is("model") || members.is("anthropic_version")) members.drop();
    else if (onBedrock && members.is("stream")) members.drop();
    else if (hasBetas && members.is("anthropic_beta")) members.drop();
  }
  copy.upTo(body + <usize>length);
  return t.end(ErrorCode.OVERLOADED);
}

/** A count_tokens request: Vertex wants the target's model in it, Bedrock a whole request with a cap. */
export function writeCountedRequest(
  plan: Plan,
  onBedrock: bool,
  body: usize,
  length: i32,
  out: ByteWriter,
  notes: Notes,
): i32 {
  t.begin(out, notes);
  if (!readRequest(body, length)) return t.code;
  beginBody(body, out);
  writeVersion(onBedrock, out);
  if (!writeBetas(plan, onBedrock, out)) return t.code;
  if (onBedrock) writeCap(out);
  const hasBetas = onBedrock && load<u16>(plan.anthropicBeta) > 0;
  members.begin(body, length);
  while (members.next()) {
    if (members.is("anthropic_version") || (hasBetas && members.is("anthropic_beta"))) members.drop();
    else if (onBedrock && (members.is("model") || members.is("max_tokens"))) members.drop();
    else if (members.is("model")) writeModel(plan, out);
  }
  copy.upTo(body + <usize>length);
  return t.end(ErrorCode.OVERLOADED);
}

/** False after a refusal. */
function readRequest(body: usize, length: i32): bool {
  if (!request.read(body, length)) return t.refuseJson(request.error);
  return messages.isArray || t.refuseType("messages", "an array");
}

/** The opening brace, behind which the host's own members come. */
function beginBody(body: usize, out: ByteWriter): void {
  const text = skipSpace(body);
  copy.begin(text, out);
  copy.upTo(text + 1);
}

function writeVersion(onBedrock: bool, out: ByteWriter): void {
  out.writeAscii('"anthropic_version":"');
  out.writeAscii(onBedrock ? "bedrock-2023-05-31" : "vertex-2023-10-16");
  out.writeAscii('",');
}

/** The least that is valid: thinking must fit below it. */
function writeCap(out: ByteWriter): void {
  const budget = thinking.readValue(requestThinking) ? thinkingBudget.count : 0;
  out.writeAscii('"max_tokens":');
  out.writeDecimal(budget + 1);
  out.writeAscii(",");
}

function writeModel(plan: Plan, out: ByteWriter): void {
  members.replaceValue();
  out.writeAscii('"');
  out.writeBytes(plan.modelPointer, plan.modelLength);
  out.writeAscii('"');
}

/** The names in the client's header, as a list for Bedrock; Vertex AI takes the header. False when one may not be left out. */
function writeBetas(plan: Plan, onBedrock: bool, out: ByteWriter): bool {
  betas.begin(plan.anthropicBeta);
  let isFirst = true;
  while (betas.next()) {
    if (!onBedrock) continue;
    out.writeAscii(isFirst ? '"anthropic_beta":["' : ',"');
    escapeTo(betas.pointer, betas.length, out);
    out.writeAscii('"');
    isFirst = false;
  }
  if (!isFirst) out.writeAscii("],");
  return !betas.dropped || t.drop("anthropic-beta");
}

/** The text is an object already: there is a brace. */
function skipSpace(pointer: usize): usize {
  let at = pointer;
  while (load<u8>(at) <= 0x20) at++;
  return at;
}
