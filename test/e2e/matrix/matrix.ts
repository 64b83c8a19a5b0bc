// The gateway of the matrix: a fake of every dialect, and a model route `via-<dialect>` to each.

import { expect } from "vitest";
import type { DemoProvider } from "../../../examples/demo-providers/index.mjs";
import { Gateway } from "../harness.ts";
import { UPSTREAMS } from "./upstreams.ts";

export class Matrix {
  private constructor(
    readonly gateway: Gateway,
    private readonly providers: ReadonlyMap<string, DemoProvider>,
  ) {}

  static async start(): Promise<Matrix> {
    const providers = new Map<string, DemoProvider>();
    for (const { dialect, start } of UPSTREAMS) {
      providers.set(dialect, await start({ apiKey: `${dialect}-credential` }));
    }
    const gateway = await Gateway.start({
      providers: UPSTREAMS.map(({ dialect, document }) => ({
        id: dialect,
        dialect,
        baseUrl: providers.get(dialect)?.url ?? "",
        apiKey: `${dialect}-credential`,
        allowPrivateAddress: true,
        ...document,
      })),
      targets: UPSTREAMS.map(({ dialect, model }) => ({ id: dialect, provider: dialect, model })),
      modelRoutes: UPSTREAMS.map(({ dialect }) => ({ id: `via-${dialect}`, targets: [{ target: dialect }] })),
      consumers: [{ id: "team", models: ["*"] }],
    });
    return new Matrix(gateway, providers);
  }

  provider(dialect: string): DemoProvider {
    const provider = this.providers.get(dialect);
    if (provider === undefined) throw new Error(`the matrix has no provider of the dialect ${dialect}`);
    return provider;
  }

  async clearFaults(): Promise<void> {
    for (const provider of this.providers.values()) await provider.clearFault();
  }

  async stop(): Promise<void> {
    expect(await this.gateway.traps()).toEqual([]);
    await this.gateway.stop();
    for (const provider of this.providers.values()) await provider.close();
  }
}
