// The gateway of the matrix: a fake of every upstream, and model routes `via-<upstream>` and `vectors-<upstream>` to each.

import { expect } from "vitest";
import type { DemoProvider, Fault } from "../../../examples/demo-providers/index.mjs";
import { Gateway } from "../harness.ts";
import { UPSTREAMS, type Upstream } from "./upstreams.ts";

export const routeTo = ({ id }: Upstream) => `via-${id}`;
export const vectorRouteTo = ({ id }: Upstream) => `vectors-${id}`;

export class Matrix {
  private constructor(
    readonly gateway: Gateway,
    private readonly providers: ReadonlyMap<string, DemoProvider>,
  ) {}

  static async start(): Promise<Matrix> {
    const providers = new Map<string, DemoProvider>();
    for (const { id, start, apiKey } of UPSTREAMS) providers.set(id, await start({ apiKey, strictFields: true }));
    const withVectors = UPSTREAMS.map((upstream) => ({
      ...upstream,
      vectors: upstream.embeddingModel ?? upstream.model,
    }));
    const gateway = await Gateway.start({
      providers: UPSTREAMS.map(({ id, dialect, apiKey, basePath = "", document }) => ({
        id,
        dialect,
        baseUrl: `${providers.get(id)?.url}${basePath}`,
        apiKey,
        allowPrivateAddress: true,
        ...document,
      })),
      targets: withVectors.flatMap(({ id, model, vectors }) => [
        { id, provider: id, model },
        { id: `${id}-vectors`, provider: id, model: vectors },
      ]),
      modelRoutes: UPSTREAMS.flatMap((upstream) => [
        { id: routeTo(upstream), targets: [{ target: upstream.id }] },
        { id: vectorRouteTo(upstream), targets: [{ target: `${upstream.id}-vectors` }] },
      ]),
      consumers: [{ id: "team", models: ["*"] }],
    });
    return new Matrix(gateway, providers);
  }

  provider({ id }: Upstream): DemoProvider {
    const provider = this.providers.get(id);
    if (provider === undefined) throw new Error(`the matrix has no upstream ${id}`);
    return provider;
  }

  /** What `ask` answers while every upstream has its fault. */
  async withFault<T>(fault: (upstream: Upstream) => Fault, ask: () => Promise<T>): Promise<T> {
    for (const upstream of UPSTREAMS) await this.provider(upstream).setFault(fault(upstream));
    try {
      return await ask();
    } finally {
      for (const upstream of UPSTREAMS) await this.provider(upstream).clearFault();
    }
  }

  async stop(): Promise<void> {
    expect(await this.gateway.traps()).toEqual([]);
    await this.gateway.stop();
    for (const provider of this.providers.values()) await provider.close();
  }
}
