// Where a provider's API begins: what may be written as its base URL and how that is kept. Whether the address is a
// private one is address.ts's question.
import { z } from "zod";

export function normaliseBaseUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  // Only what means the same to every server is normalised: case and punycode of the host, and trailing slashes.
  return url.search === "" && url.hash === "" ? url.href.replace(/\/+$/, "") : text;
}

/** The reason why `text` is no base URL, or undefined. */
function baseUrlDefect(text: string): string | undefined {
  if (!URL.canParse(text)) return "must be a URL such as https://api.openai.com/v1";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https:// or http://";
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password; use apiKey";
  if (text.includes("?") || text.includes("#")) return "must not hold a query or a fragment";
  if (url.port === "0") return "must not name port 0";
  return undefined;
}

export const baseUrlSchema = z
  .string()
  .max(2048)
  .superRefine((text, context) => {
    const defect = baseUrlDefect(text);
    if (defect !== undefined) context.addIssue({ code: "custom", message: defect });
  })
  .overwrite(normaliseBaseUrl)
  .describe("Where the provider's API begins, its version included; the operation's path is appended.")
  .meta({ examples: ["https://api.openai.com/v1", "https://api.anthropic.com/v1"] });
