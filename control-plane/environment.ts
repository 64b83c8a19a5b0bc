// The environment variables of the control plane, each for itself: its form, its default and the words of its refusal.
// What several of them mean together is decided in settings.ts.
import { z } from "zod";
import { PRIORITY_CLASSES_MAX } from "./contract.js";
import { isApiKey } from "./keys.js";
import { parseListenAddress } from "./listen-address.js";
import { DEFAULT_CLASSES, parseClasses, STANDARD_CLASS } from "./resources/priority-class.js";
import { TOKEN_FORM } from "./secrets/token-file.js";

const MIB = 1024 * 1024;

function port(fallback: number, min = 1) {
  const error = `must be a port from ${min} to 65535`;
  return z
    .string()
    .regex(/^\d{1,5}$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= 65535, { error })
    .default(fallback);
}

function days(fallback: number) {
  const error = "must be a number of days from 1 to 36500";
  return z
    .string()
    .regex(/^\d{1,5}$/, { error })
    .transform(Number)
    .refine((value) => value >= 1 && value <= 36_500, { error })
    .default(fallback);
}

function milliseconds(fallback: number) {
  const error = "must be a number of milliseconds from 50 to 10000";
  return z
    .string()
    .regex(/^\d{2,5}$/, { error })
    .transform(Number)
    .refine((value) => value >= 50 && value <= 10_000, { error })
    .default(fallback);
}

const host = z
  .string()
  .regex(/^[0-9A-Za-z.:_-]+$/, { error: "must be an IP address or a host name, without a port" })
  .default("127.0.0.1");

const token = z
  .string()
  .regex(TOKEN_FORM, { error: "must be 16 to 512 printable ASCII characters without spaces; unset, one is made" })
  .optional();

const listenAddress = z
  .string()
  .transform((text, context) => {
    const address = parseListenAddress(text);
    if (address !== undefined && !(address.kind === "tcp" && /^(0\.0\.0\.0|::)$/.test(address.host))) return address;
    context.addIssue({
      code: "custom",
      message:
        "must be unix:/absolute/path (at most 107 bytes) or host:port, where host is the address by which Envoy reaches this machine",
    });
    return z.NEVER;
  })
  .optional();

export const environmentSchema = z.object({
  // The gateway speaks plain HTTP and its clients' keys are in the headers: opening it to a network is a decision.
  SLUICE_GATEWAY_HOST: host,
  SLUICE_GATEWAY_PORT: port(10000),
  SLUICE_API_HOST: host,
  SLUICE_API_PORT: port(8080, 0), // 0 = any free port, named in the log
  SLUICE_XDS_PORT: port(18000),
  SLUICE_XDS_ADDRESS: listenAddress,
  SLUICE_CALLOUT_PORT: port(18001),
  SLUICE_CALLOUT_ADDRESS: listenAddress,
  SLUICE_CALLOUT_TIMEOUT_MS: milliseconds(200),
  SLUICE_ENVOY_ADMIN_PORT: port(9901),
  SLUICE_TLS_CERT_FILE: z.string().optional(),
  SLUICE_TLS_KEY_FILE: z.string().optional(),
  SLUICE_TLS_CLIENT_CA_FILE: z.string().optional(),
  SLUICE_DATA_DIR: z.string().default("./data"),
  SLUICE_MASTER_KEY: z.string().optional(),
  SLUICE_MASTER_KEY_FILE: z.string().optional(),
  SLUICE_OPERATOR_TOKEN: token,
  SLUICE_XDS_TOKEN: token,
  SLUICE_CALLOUT_TOKEN: token,
  // Read by the start script, which registers it; checked here so that a mistyped key stops the start.
  SLUICE_DEMO_KEY: z
    .string()
    .refine(isApiKey, { error: "must be a Sluice API key: sk-slc-, 32 characters and their 6 characters of checksum" })
    .optional(),
  // Conversations with a few images are some MiB. Envoy buffers this much per request, and a retry needs it again.
  SLUICE_REQUEST_BODY_BYTES_MAX: z
    .string()
    .regex(/^\d{1,9}$/, { error: "must be a number of bytes" })
    .transform(Number)
    .refine((value) => value >= 1024 && value <= 64 * MIB, { error: "must be from 1024 to 67108864 (64 MiB)" })
    .default(8 * MIB),
  SLUICE_PRIORITY_CLASSES: z
    .string()
    .transform((text, context) => {
      const classes = parseClasses(text);
      if (classes !== undefined) return classes;
      context.addIssue({
        code: "custom",
        message: `must be 1 to ${PRIORITY_CLASSES_MAX} different names with commas between, the one that is served first in front, '${STANDARD_CLASS}' among them`,
      });
      return z.NEVER;
    })
    .default(DEFAULT_CLASSES),
  SLUICE_USAGE_LOG: z
    .string()
    .regex(/^\//, { error: "must be an absolute path on Envoy's machine, e.g. /var/log/envoy/usage.jsonl" })
    .optional(),
  SLUICE_FILTER_WASM: z.string().optional(),
  SLUICE_REDIS_URL: z.string().optional(),
  SLUICE_REDIS_CLUSTER: z.enum(["true", "false"], { error: "must be true or false" }).optional(),
  SLUICE_MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/./, { error: "must begin with mongodb:// or mongodb+srv://" })
    .optional(),
  SLUICE_USAGE_EVENTS_DAYS: days(90),
  SLUICE_USAGE_MINUTES_DAYS: days(30),
  SLUICE_USAGE_HOURS_DAYS: days(400),
});
export type Environment = z.output<typeof environmentSchema>;

/** Every variable that is read, for the test that holds docs/settings.md against it. */
export const SETTING_NAMES: readonly string[] = Object.keys(environmentSchema.shape);
