// docs/translation.md speaks of every member that the translators know, and its tables are what they declare.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { updatedPage } from "../../scripts/update-translation-table.mjs";
import { compiledTestkit } from "../filter/testkit.ts";

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
// Out of the tests: it may have to be compiled first, which takes longer than a test may.
const wasm = compiledTestkit("filter/testkit/translation.ts", "testkit-translation");
const page = read("docs/translation.md");
const [toMessages = "", toChat = ""] = page.split("\n## ").filter((section) => section.includes("→"));

const ofResponses = page.split("\n## ").find((section) => section.startsWith("OpenAI Responses →")) ?? "";

const namesIn = (path: string, pattern: RegExp) => [...read(path).matchAll(pattern)].map(([, name]) => name ?? "");

test.each([
  ["chat to Messages", "filter/target/anthropic/chat-to-messages-request.ts", toMessages],
  ["Messages to chat", "filter/target/openai/messages-to-chat-request.ts", toChat],
  ["Responses to chat", "filter/target/openai/responses-to-chat-request.ts", ofResponses],
])("request members, %s", (_, source, section) => {
  const names = namesIn(source, /\brequest\.add\("(\w+)"/g);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !section.includes(`\`${name}`))).toEqual([]);
});

test.each([
  ["chat to Messages", "filter/target/anthropic/chat-to-messages-reply.ts", toMessages],
  ["Messages to chat", "filter/target/openai/messages-to-chat-reply.ts", toChat],
  ["errors of Messages", "filter/target/translation/messages-error.ts", toChat],
])("reasons and error types, %s", (_, source, section) => {
  const names = namesIn(source, /(?:\breason\w*\.is\(|return |[?:] )"(\w+)"/gi);
  expect(names.length).toBeGreaterThan(2);
  expect(names.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
});

test("the tables are current: else run node scripts/update-translation-table.mjs", () => {
  expect(page).toBe(updatedPage(page, wasm));
});
