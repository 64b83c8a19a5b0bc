// `npm start` for one test: in a folder and on ports of its own, without the user's provider credentials.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "../e2e/harness.js";

const SCRIPT = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));

/** Variable → the port that it stands for in the documentation. */
export const DEFAULT_PORTS = {
  SLUICE_GATEWAY_PORT: 10000,
  SLUICE_API_PORT: 8080,
  SLUICE_XDS_PORT: 18000,
  SLUICE_CALLOUT_PORT: 18001,
  SLUICE_ENVOY_ADMIN_PORT: 9901,
  SLUICE_DEMO_OPENAI_PORT: 10101,
  SLUICE_DEMO_ANTHROPIC_PORT: 10102,
};
export type PortVariable = keyof typeof DEFAULT_PORTS;
export const PORT_VARIABLES = Object.keys(DEFAULT_PORTS) as PortVariable[];

export class StartCommand {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-start-"));
  readonly dataDirectory = join(this.folder, "data");
  readonly configDirectory = join(this.folder, "config");
  #child: ChildProcess | undefined;

  private constructor(readonly ports: Readonly<Record<PortVariable, number>>) {}

  static async create(): Promise<StartCommand> {
    const free = await freePorts(PORT_VARIABLES.length);
    const pairs = PORT_VARIABLES.map((name, index) => [name, free[index]] as const);
    return new StartCommand(Object.fromEntries(pairs) as Record<PortVariable, number>);
  }

  url(variable: PortVariable): string {
    return `http://127.0.0.1:${this.ports[variable]}`;
  }

  get exitCode(): number | null | undefined {
    return this.#child?.exitCode;
  }

  /** Resolves with all that was printed, once the last line is there or the command has ended. */
  start(environment: NodeJS.ProcessEnv = {}): Promise<string> {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.endsWith("_API_KEY")));
    const ports = Object.fromEntries(PORT_VARIABLES.map((name) => [name, String(this.ports[name])]));
    const own = { SLUICE_DATA_DIR: this.dataDirectory, XDG_CONFIG_HOME: this.configDirectory };
    const child = spawn(process.execPath, [SCRIPT], {
      env: { ...inherited, ...ports, ...own, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    return new Promise((resolve) => {
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          output += text;
          if (output.endsWith("\n\n") && output.includes("With a stream:")) resolve(output);
        });
      }
      child.once("close", () => resolve(output));
    });
  }

  /** Ctrl-C; resolves with the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    child.kill("SIGINT");
    return closed;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
