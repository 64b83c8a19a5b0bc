#!/usr/bin/env node
// The command line tool of operators: talks to a running control plane by its operator API, and to nothing else. It
// prints what it did on stdout, what went wrong on stderr, and ends with status 1 if anything was refused or failed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CommandError } from "./operator-client.js";
import { replay } from "./usage-replay.js";

const USAGE = `sluice usage replay [options] FILE…
  Sends the usage events in access logs to the control plane; each counts once, however often it is sent.
  FILE               access log of Envoy with one JSON event a line, other lines between them; - is standard input
  --api URL          operator API of the control plane (http://127.0.0.1:8080)
  --token-file FILE  file with the operator token (SLUICE_OPERATOR_TOKEN, else operator-token in SLUICE_DATA_DIR)
`;

function readToken(file: string | undefined): string {
  const { SLUICE_OPERATOR_TOKEN: token, SLUICE_DATA_DIR: directory } = process.env;
  if (file === undefined && token) return token;
  const path = file ?? join(directory || "data", "operator-token");
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    const mend = "Set SLUICE_OPERATOR_TOKEN, or name the file in --token-file";
    throw new CommandError(
      `The operator token cannot be read from ${path} (${(error as NodeJS.ErrnoException).code}). ${mend}.`,
    );
  }
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        api: { type: "string", default: "http://127.0.0.1:8080" },
        "token-file": { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new CommandError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args);
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [noun, verb, ...files] = positionals;
  if (noun !== "usage" || verb !== "replay" || files.length === 0) throw new CommandError(USAGE);
  if (!URL.canParse(values.api)) throw new CommandError("--api: want a URL, e.g. http://127.0.0.1:8080");
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const summary = await replay({
    files,
    api: values.api,
    token: readToken(values["token-file"]),
    onDefect: say,
    onRetry: (reason) => say(`trying again: ${reason}`),
  });
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return summary.refused === 0 ? 0 : 1;
}

run(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof CommandError ? error.message : (error as Error).stack}\n`);
    process.exitCode = 1;
  },
);
