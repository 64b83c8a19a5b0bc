// What a provider that speaks OpenAI's chat with deviations refuses, by the names of docs/catalog.md, and how its reply looks.
// Each flag is as strict as the providers' own documentation; what it says nothing about is checked as OpenAI's.
import { Refusal } from "./rules.mjs";

const invalid = (param, message) => new Refusal(400, message, { param, code: "invalid_value" });

const forbid = (body, ...names) => {
  for (const name of names) {
    if (Object.hasOwn(body, name)) throw invalid(name, `Unrecognized request argument supplied: ${name}`);
  }
};
const reasons = ({ reasoning_effort: effort, thinking, enable_thinking: enabled }) =>
  (effort != null && effort !== "none") || (thinking != null && thinking.type !== "disabled") || enabled === true;

/** Flag → what it makes of a request; the flags that are not here are about replies or other operations. */
const CHECKS = {
  max_tokens_only: (body) => forbid(body, "max_completion_tokens"),
  seed_as_random_seed: (body) => {
    forbid(body, "seed");
    if (body.random_seed !== undefined && !Number.isInteger(body.random_seed))
      throw invalid("random_seed", "random_seed: Input should be a valid integer");
  },
  single_choice: ({ n }) => {
    if (n != null && n !== 1) throw invalid("n", "'n' : number must be at most 1");
  },
  no_logprobs: (body) => forbid(body, "logprobs", "top_logprobs"),
  no_logit_bias: (body) => forbid(body, "logit_bias"),
  no_message_name: ({ messages }) => {
    const index = messages.findIndex((message) => Object.hasOwn(message, "name"));
    if (index >= 0) throw invalid(`messages.${index}`, `'messages.${index}' : property 'name' is unsupported`);
  },
  no_tool_choice: (body) => forbid(body, "tool_choice"),
  no_developer_role: ({ messages }) => {
    const index = messages.findIndex(({ role }) => role === "developer");
    if (index >= 0)
      throw invalid(`messages[${index}].role`, "developer is not one of ['system', 'assistant', 'user', 'tool']");
  },
  no_json_schema: ({ response_format: format }) => {
    if (format != null && !["text", "json_object"].includes(format.type))
      throw invalid("response_format", "This response_format type is unavailable now");
  },
  no_penalties_when_reasoning: (body) => {
    for (const name of ["presence_penalty", "frequency_penalty"]) {
      if (reasons(body) && Object.hasOwn(body, name))
        throw invalid(name, `Model does not support parameter ${name.replace(/_p/, "P")}.`);
    }
  },
  no_stop_when_reasoning: (body) => {
    if (reasons(body) && Object.hasOwn(body, "stop")) throw invalid("stop", "Model does not support parameter stop.");
  },
  // These providers take the fields and do nothing; the fake refuses them, so that a test sees what was sent in vain.
  sampling_ignored_when_reasoning: (body) => {
    if (reasons(body)) forbid(body, "temperature", "top_p", "presence_penalty", "frequency_penalty");
  },
};

/** Fields that only providers with this flag know. */
const FIELDS = { seed_as_random_seed: ["random_seed"] };

export const quirkFields = (quirks = []) => quirks.flatMap((quirk) => FIELDS[quirk] ?? []);

export function checkQuirks(body, quirks = []) {
  for (const quirk of quirks) CHECKS[quirk]?.(body);
}

/** The reasoning that stands in front of the content; none without the flag. */
export const reasoningTokens = (quirks = []) =>
  quirks.includes("reasoning_in_content") ? ["<think>\n", "The user", " said something.", "\n</thi", "nk>\n\n"] : [];
