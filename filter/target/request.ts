// Turns the client's request into one for the current target: path, authority, credentials' company, model and length.
// Everything is written absolutely, because all attempts of a request share its headers.

import { COMMA } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import {
  Dialect,
  LENGTH_UNKNOWN,
  Operation,
  PROPERTY_PLAN,
  PROPERTY_PLAN_LENGTH,
  PROPERTY_TARGET,
  PROPERTY_TARGET_LENGTH,
} from "../contract";
import { unescapeTo } from "../json/text";
import { HeaderMap, Literal, removeHeader, setHeader, setHeaderLiteral, setProperty, utf8 } from "../sdk";
import { HostedBetas } from "./anthropic/hosted-betas";
import { Plan } from "./plan";
import { writeTargetPath } from "./target-path";
import { Translator } from "./translator";
import { usageAskGrowth } from "./usage-ask";

const PATH = utf8(":path");
const AUTHORITY = utf8(":authority");
const CONTENT_LENGTH = utf8("content-length");
const ANTHROPIC_VERSION = utf8("anthropic-version");
const ANTHROPIC_VERSION_DEFAULT = utf8("2023-06-01");
const ANTHROPIC_BETA = utf8("anthropic-beta");
const OPENAI_BETA = utf8("openai-beta");
const DASHSCOPE_SSE = utf8("x-dashscope-sse");
const ENABLE = utf8("enable");

/** A target record has 3 KiB at most, of which each byte may be percent-encoded. */
const PATH_BYTES_MAX: i32 = 16 * 1024;

const path = new ByteWriter(PATH_BYTES_MAX);
const model = new ByteWriter(PATH_BYTES_MAX);
const number = new ByteWriter(20);
const betas = new HostedBetas();
const betaList = new ByteWriter(64 * 1024);

/** Lets a retry of this request go to the plan's next target. */
export function moveOn(plan: Plan): void {
  if (!plan.hasNext) return;
  const cluster = plan.nextClusterPointer;
  const clusterLength = plan.nextClusterLength;
  plan.advance();
  setProperty(PROPERTY_PLAN, PROPERTY_PLAN_LENGTH, plan.pointer, plan.length);
  setProperty(PROPERTY_TARGET, PROPERTY_TARGET_LENGTH, cluster, clusterLength);
}

export function writeRequestHeaders(plan: Plan, translator: Translator | null): void {
  writePath(plan, translator);
  setHeader(HeaderMap.REQUEST, AUTHORITY, plan.authorityPointer, plan.authorityLength);
  writeDialectHeaders(plan, translator != null);
  if (translator != null) return;
  if (plan.isForm) writeFormLength(plan);
  // A body that nobody reads has the length that its client says.
  else if (plan.operation != Operation.PASSED || plan.modelEnd > 0) {
    writeContentLength(<i32>plan.bodyLength + modelGrowth(plan) + usageAskGrowth(plan));
  }
}

/** A form that gets a model of unknown place has no length before its end. */
function writeFormLength(plan: Plan): void {
  if (plan.bodyLength == LENGTH_UNKNOWN) return;
  if (plan.modelEnd == 0) {
    removeHeader(HeaderMap.REQUEST, CONTENT_LENGTH);
    return;
  }
  unescapeTo(plan.modelPointer, plan.modelLength, model.reset());
  const before = <i64>plan.modelEnd - <i64>plan.modelStart;
  number.reset().writeUnsigned(<u64>(<i64>plan.bodyLength + <i64>model.length - before));
  setHeader(HeaderMap.REQUEST, CONTENT_LENGTH, number.pointer, number.length);
}

function writePath(plan: Plan, translator: Translator | null): void {
  path.reset().writeBytes(plan.basePathPointer, plan.basePathLength);
  writeTargetPath(plan, translator, path);
  setHeader(HeaderMap.REQUEST, PATH, path.pointer, path.length);
}

export function writeContentLength(length: i32): void {
  number.reset().writeUnsigned(length);
  setHeader(HeaderMap.REQUEST, CONTENT_LENGTH, number.pointer, number.length);
}

function modelGrowth(plan: Plan): i32 {
  return plan.modelEnd == 0 ? 0 : plan.modelLength - plan.originalModelLength;
}

/** A translated request is written for one version of the dialect, whatever its client asks for. */
function writeDialectHeaders(plan: Plan, translated: bool): void {
  const anthropic = plan.dialect == Dialect.ANTHROPIC;
  const version = plan.anthropicVersion;
  if (anthropic && !translated && load<u16>(version) > 0) {
    setHeader(HeaderMap.REQUEST, ANTHROPIC_VERSION, version + 2, load<u16>(version));
  } else if (anthropic) {
    setHeaderLiteral(HeaderMap.REQUEST, ANTHROPIC_VERSION, ANTHROPIC_VERSION_DEFAULT);
  } else if (plan.cursor > 0) {
    removeHeader(HeaderMap.REQUEST, ANTHROPIC_VERSION);
  }
  // Bailian's way to ask for a stream.
  if (plan.dialect == Dialect.BAILIAN && plan.streaming) setHeaderLiteral(HeaderMap.REQUEST, DASHSCOPE_SSE, ENABLE);
  else if (plan.cursor > 0) removeHeader(HeaderMap.REQUEST, DASHSCOPE_SSE);
  if (!plan.hasDialectHeaders) return;
  if (plan.dialect == Dialect.ANTHROPIC_VERTEX) writeHostedBetas(plan.anthropicBeta);
  else writeSent(ANTHROPIC_BETA, plan.anthropicBeta, anthropic && !translated);
  writeSent(OPENAI_BETA, plan.openaiBeta, !anthropic && !translated);
}

/** Those that a host of Claude may know. */
function writeHostedBetas(text: usize): void {
  betaList.reset();
  betas.begin(text);
  while (betas.next()) {
    if (betaList.length > 0) betaList.writeByte(COMMA);
    betaList.writeBytes(betas.pointer, betas.length);
  }
  if (betaList.length > 0) setHeader(HeaderMap.REQUEST, ANTHROPIC_BETA, betaList.pointer, betaList.length);
  else removeHeader(HeaderMap.REQUEST, ANTHROPIC_BETA);
}

/** A header that the client sent (`text` is a str16, empty if it did not): an attempt before may have put it there. */
function writeSent(name: Literal, text: usize, wanted: bool): void {
  const length: i32 = load<u16>(text);
  if (length == 0) return;
  if (wanted) setHeader(HeaderMap.REQUEST, name, text + 2, length);
  else removeHeader(HeaderMap.REQUEST, name);
}
