// Types of tools.mjs for the tests: the benchmark itself runs without a build, so that it can measure one.
import type { ChildProcess } from "node:child_process";

export interface Tools {
  upstream: string;
  load: string;
}
export interface Upstream {
  child: ChildProcess;
  pid: number;
  port: number;
}
export interface Percentiles {
  mean: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
}
export interface LoadOptions {
  url: string;
  bodyFile: string;
  headers?: string[];
  sse?: boolean;
  expect?: string;
  connections?: number;
  seconds?: number;
  requests?: number;
  rate?: number;
  timeoutMs?: number;
}
export interface LoadResult {
  sent: number;
  answered: number;
  failed: number;
  firstFailure: string;
  statuses: Record<string, number>;
  seconds: number;
  requestsPerSecond: number;
  loadCpuSeconds: number;
  latencyMs: Percentiles;
  events?: number;
  eventsPerSecond?: number;
  firstTokenMs?: Percentiles;
  gapMs?: Percentiles;
}
export function buildTools(folder: string): Tools;
export function startUpstream(tools: Tools, options?: { status?: number; port?: number }): Promise<Upstream>;
export function runLoad(tools: Tools, options: LoadOptions): Promise<LoadResult>;
