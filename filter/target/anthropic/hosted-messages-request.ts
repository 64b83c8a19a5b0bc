// A Messages request for a host of Claude: the client's own bytes, but for the few members that differ.
//
//   {"model":"m","stream":true,"max_tokens":9,…}   ─▶   {"anthropic_version":"bedrock-2023-05-31","max_tokens":9,…}

import { COMMA, SPACE } from "../../bytes/ascii";
import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { escapeTo } from "../../json/text";
import { Plan } from "../plan";
import { JsonCopy, Members } from "../translation/members";
import { Notes } from "../translation/notes";
import { Translation } from "../translation/translation";
import { Fields } from "../translation/value";

const request = new Fields();
const messages = request.add("messages");

const t = new Translation();
const copy = new JsonCopy();
const members = new Members(copy);

export function writeHostedRequest(
  plan: Plan,
  onBedrock: bool,
  body: usize,
  length: i32,
  out: ByteWriter,
  notes: Notes,
): i32 {
  t.begin(out, notes);
  if (!request.read(body, length)) t.refuseJson(request.error);
  else if (!messages.isArray) t.refuseType("messages", "an array");
  else writeBody(plan, onBedrock, body, length, out);
  return t.end(ErrorCode.OVERLOADED);
}

function writeBody(plan: Plan, onBedrock: bool, body: usize, length: i32, out: ByteWriter): void {
  const beta = plan.anthropicBeta;
  const hasBeta = load<u16>(beta) > 0;
  if (hasBeta && !onBedrock && !t.drop("anthropic-beta")) return;
  const text = skipSpace(body);
  copy.begin(text, out);
  copy.upTo(text + 1);
  out.writeAscii('"anthropic_version":"');
  out.writeAscii(onBedrock ? "bedrock-2023-05-31" : "vertex-2023-10-16");
  out.writeAscii('",');
  if (hasBeta && onBedrock) writeBetas(beta + 2, load<u16>(beta), out);
  members.begin(body, length);
  while (members.next()) {
    if (members.is("model") || members.is("anthropic_version")) members.drop();
    else if (onBedrock && members.is("stream")) members.drop();
    else if (onBedrock && hasBeta && members.is("anthropic_beta")) members.drop();
  }
  copy.upTo(body + <usize>length);
}

/** The header's names, `a, b`, as a list. */
function writeBetas(pointer: usize, length: i32, out: ByteWriter): void {
  const end = pointer + <usize>length;
  let at = pointer;
  let isFirst = true;
  out.writeAscii('"anthropic_beta":[');
  while (at < end) {
    let stop = at;
    while (stop < end && <u32>load<u8>(stop) != COMMA) stop++;
    let start = at;
    let last = stop;
    while (start < last && <u32>load<u8>(start) == SPACE) start++;
    while (last > start && <u32>load<u8>(last - 1) == SPACE) last--;
    if (last > start) {
      out.writeAscii(isFirst ? '"' : ',"');
      escapeTo(start, <i32>(last - start), out);
      out.writeAscii('"');
      isFirst = false;
    }
    at = stop + 1;
  }
  out.writeAscii("],");
}

/** The text is an object already: there is a brace. */
function skipSpace(pointer: usize): usize {
  let at = pointer;
  while (load<u8>(at) <= 0x20) at++;
  return at;
}
