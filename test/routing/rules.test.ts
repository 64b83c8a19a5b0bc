// Rules of model routes, as the released filter follows them: which request goes where.
import { describe, expect, test } from "vitest";
import { PlayedRouter } from "./played-router.js";

/** A route whose rule leads to `rule`, and everything else to `rest`. */
function router(when: object, more: Record<string, unknown> = {}): PlayedRouter {
  return new PlayedRouter({
    targets: ["rule", "rest"],
    modelRoutes: [
      {
        id: "auto",
        aliases: ["gpt-4o", "gpt-5*"],
        rules: [{ name: "it", when, targets: [{ target: "rule" }] }],
        targets: [{ target: "rest" }],
      },
    ],
    ...more,
  });
}

const first = (at: PlayedRouter, body: Record<string, unknown> = {}, init: { headers?: [string, string][] } = {}) =>
  at.plan(body, init).targets[0];

const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
const tool = { type: "function", function: { name: "f", parameters: {} } };

describe("a rule matches on", () => {
  test.each([
    ["streaming", { streaming: true }, { stream: true }, { stream: false }],
    ["no streaming", { streaming: false }, {}, { stream: true }],
    ["tools", { tools: true }, { tools: [tool] }, { tools: [] }],
    ["no tools", { tools: false }, {}, { tools: [tool] }],
    ["images", { images: true }, { messages: [{ role: "user", content: [image] }] }, {}],
    [
      "a text that only speaks of images",
      { images: false },
      { messages: [{ role: "user", content: "image_url" }] },
      { messages: [{ role: "user", content: [image] }] },
    ],
    ["the model's name", { originalModel: ["gpt-4o"] }, { model: "gpt-4o" }, { model: "auto" }],
    ["the beginning of the model's name", { originalModel: ["gpt-5*"] }, { model: "gpt-5-mini" }, { model: "gpt-4o" }],
    [
      "metadata",
      { metadata: { project: ["论文", "x*"] } },
      { metadata: { project: "论文" } },
      { metadata: { project: "y" } },
    ],
    [
      "the beginning of metadata",
      { metadata: { project: ["x*"] } },
      { metadata: { a: 1, project: "xy" } },
      { metadata: { project: 1 } },
    ],
    ["an operation", { operations: ["chat"] }, {}, undefined],
    [
      "many tokens",
      { inputTokens: { min: 1_000 } },
      { messages: [{ role: "user", content: "word ".repeat(2_000) }] },
      {},
    ],
    [
      "many characters of Chinese",
      { inputTokens: { min: 1_000 } },
      { messages: [{ role: "user", content: "字".repeat(1_500) }] },
      {},
    ],
    ["few tokens", { inputTokens: { max: 100 } }, {}, { messages: [{ role: "user", content: "word ".repeat(2_000) }] }],
    [
      "few tokens, whatever picture is with them",
      { inputTokens: { max: 200 } },
      {
        messages: [
          { role: "user", content: [{ ...image, image_url: { url: `data:image/png;base64,${"A".repeat(50_000)}` } }] },
        ],
      },
      undefined,
    ],
  ] as const)("%s", (_name, when, matching, other) => {
    const at = router(when);
    expect(first(at, matching as Record<string, unknown>)).toBe("rule");
    if (other !== undefined) expect(first(at, other as Record<string, unknown>)).toBe("rest");
  });

  test("headers, which no provider sees", () => {
    const at = router({ headers: { "x-team": ["paper", "lab-*"], "x-any": ["*"] } });
    const of = (...headers: [string, string][]) => first(at, {}, { headers });
    expect(of(["x-team", "paper"], ["x-any", "1"])).toBe("rule");
    expect(of(["x-any", "1"], ["x-team", "lab-7"])).toBe("rule");
    expect(of(["x-team", "paper"])).toBe("rest");
    expect(of(["x-team", "papers"], ["x-any", "1"])).toBe("rest");
    expect(of()).toBe("rest");
    const { stream } = at.plan({}, { headers: [["x-team", "paper"]] });
    expect(stream.request.headers?.get("x-team")).toBeUndefined();
  });

  test.each(["tenant", "department", "application", "consumer"] as const)("a %s", (level) => {
    expect(first(router({ [level]: ["acme"] }, { holder: { [level]: "acme" } }))).toBe("rule");
    expect(first(router({ [level]: ["acme"] }, { holder: { [level]: "other" } }))).toBe("rest");
  });

  test("all that it names", () => {
    const at = router({ streaming: true, tools: true });
    expect(first(at, { stream: true, tools: [tool] })).toBe("rule");
    expect(first(at, { stream: true })).toBe("rest");
    expect(first(at, { tools: [tool] })).toBe("rest");
  });
});

describe("a task class", () => {
  const CLASSES = ["writing", "research", "code", "reasoning"] as const;
  const MODELS = { writing: "qwen", research: "metaso", code: "doubao", reasoning: "o-series" };
  const at = new PlayedRouter({
    targets: [...Object.values(MODELS), "rest"],
    modelRoutes: [
      {
        id: "auto",
        rules: CLASSES.map((name) => ({ name, when: { taskClass: [name] }, targets: [{ target: MODELS[name] }] })),
        targets: [{ target: "rest" }],
      },
    ],
  });
  const of = (content: unknown, headers: [string, string][] = []) =>
    first(
      at,
      {
        messages: [
          { role: "system", content: "You help." },
          { role: "user", content },
        ],
      },
      { headers },
    );

  test.each([
    ["帮我写一篇关于城市绿化的论文，三千字左右，结构要清楚", "qwen"],
    ["Write a polite email that declines the invitation to the conference", "qwen"],
    ["查一下近三年新能源汽车出口的数据，并给出资料来源", "metaso"],
    ["Find recent studies on sleep and memory and list the sources", "metaso"],
    ["用 Python 写一个函数，读取 CSV 文件并按日期排序", "doubao"],
    ["Why does this TypeScript code throw 'undefined is not a function'?", "doubao"],
    ["甲乙丙三人中只有一个人说了真话，甲说乙在说谎，乙说丙在说谎，丙说甲乙都在说谎，谁说了真话？", "o-series"],
    ["Prove that the square root of 3 is irrational, step by step", "o-series"],
    ["你好，今天过得怎么样？", "rest"],
  ])("is judged by the last message: %s", (content, target) => {
    expect(of(content)).toBe(target);
    expect(of([{ type: "text", text: content }])).toBe(target);
  });

  test("is what the client declares, whatever the message says", () => {
    expect(of("你好", [["x-sluice-task", "code"]])).toBe("doubao");
    expect(of("Write a poem about the sea", [["x-sluice-task", "other"]])).toBe("rest");
  });

  test("goes by the user's last message alone", () => {
    const messages = [
      { role: "user", content: "Prove that the square root of 3 is irrational, step by step" },
      { role: "assistant", content: "Suppose that it is a fraction." },
      { role: "user", content: "用 Python 写一个函数，读取 CSV 文件并按日期排序" },
      { role: "assistant", content: "def" },
    ];
    expect(first(at, { messages })).toBe("doubao");
  });

  test("needs to be as sure as the rule says", () => {
    const strict = router({ taskClass: ["writing"], taskConfidence: 100 });
    expect(first(strict, { messages: [{ role: "user", content: "Write about the proof of a program" }] })).toBe("rest");
  });
});

test("the first rule that matches counts, and may lead to another model route's targets", () => {
  const at = new PlayedRouter({
    targets: ["a", "b", "c", "d"],
    modelRoutes: [
      {
        id: "auto",
        rules: [
          { name: "streams", when: { streaming: true }, modelRoute: "other" },
          {
            name: "tools",
            when: { tools: true },
            tiers: [{ targets: [{ target: "b" }] }, { targets: [{ target: "a" }] }],
          },
        ],
        targets: [{ target: "a" }],
      },
      { id: "other", targets: [{ target: "c" }, { target: "d" }] },
    ],
  });
  expect(at.plan({ stream: true, tools: [tool] }).targets).toEqual(["c", "d"]);
  expect(at.plan({ tools: [tool] }).targets).toEqual(["b", "a"]);
  expect(at.plan().targets).toEqual(["a"]);
});

test("the longest prefix of an alias counts, and a whole name before any", () => {
  const route = (id: string, ...aliases: string[]) => ({ id, aliases, targets: [{ target: id }] });
  const at = new PlayedRouter({
    targets: ["x", "y", "z"],
    modelRoutes: [route("x", "gpt-*"), route("y", "gpt-4*"), route("z", "gpt-4o")],
  });
  const of = (model: string) => at.plan({ model }).targets[0];
  expect(["gpt-3", "gpt-4", "gpt-4o", "gpt-4o-mini"].map(of)).toEqual(["x", "y", "z", "y"]);
  expect(at.plan({ model: "claude" }).error).toBe("model_not_found");
});

describe("context windows", () => {
  const at = new PlayedRouter({
    targets: [
      { id: "small", contextTokens: 1_000 },
      { id: "large", contextTokens: 100_000 },
    ],
    modelRoutes: [{ id: "auto", targets: [{ target: "small" }, { target: "large" }] }],
  });
  const words = (count: number) => ({ messages: [{ role: "user", content: "word ".repeat(count) }] });

  test("a target that cannot hold the request is in no plan", () => {
    expect(at.plan().targets).toEqual(["small", "large"]);
    expect(at.plan(words(2_000)).targets).toEqual(["large"]);
    // What the answer may have counts too.
    expect(at.plan({ max_tokens: 5_000 }).targets).toEqual(["large"]);
  });

  test("where none can, the client is told", () => {
    const refused = at.plan(words(200_000));
    expect([refused.targets, refused.error]).toEqual([[], "context_length_exceeded"]);
  });
});
