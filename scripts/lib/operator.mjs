// The operator API as the start command uses it. It prints no token and no body.
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "./steps.mjs";

export class OperatorApi {
  #token;

  constructor(url, token) {
    this.url = url;
    this.#token = token;
  }

  async call(method, path, body) {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text === "" ? undefined : JSON.parse(text);
    return { ok: response.ok, status: response.status, answer };
  }

  /** Like `call`, but a refusal ends the command with the API's own words. */
  async must(method, path, body) {
    const { ok, status, answer } = await this.call(method, path, body);
    if (ok) return answer;
    const { code, message, mend, problems = [] } = answer?.error ?? {};
    const details = problems.map(
      (each) => `\n  ${each.kind ?? ""} ${each.id ?? ""} ${each.path}: ${each.message}. ${each.mend}`,
    );
    throw new UserError(`${method} ${path}: ${status} ${code ?? ""} ${message ?? ""} ${mend ?? ""}${details.join("")}`);
  }

  /** Resolves when `path` answers 200; rejects when one of the services ends or time is up. */
  async until200(path, services, timeoutMs) {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const ended = services.find(({ running }) => !running);
      if (ended) throw ended.failure();
      const response = await fetch(`${this.url}${path}`).catch(() => undefined);
      await response?.arrayBuffer();
      if (response?.status === 200) return;
      if (Date.now() > deadline)
        throw services.at(-1).failure(`did not get ${path} to 200 within ${timeoutMs / 1000} s`);
      await sleep(50);
    }
  }
}
