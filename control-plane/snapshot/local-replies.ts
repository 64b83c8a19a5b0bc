// Envoy's own replies in the shape of the client's protocol, with codes of contract/errors.json. What the filter answers
// by itself carries x-sluice-error already and is left as it is.
import { FILTER_ERRORS, HEADER_ERROR } from "../contract.js";
import { type EnvoyValue, typed } from "./envoy-json.js";
import { POLICY_PRIVATE_ADDRESS } from "./private-addresses.js";
import { ROUTE_ANTHROPIC, ROUTE_GEMINI } from "./routes.js";

type FilterError = (typeof FILTER_ERRORS)[number];

interface Cause {
  readonly code: FilterError["code"];
  /** Envoy's response flags, any of them; none = whatever the expression says. */
  readonly flags?: readonly string[];
  /** CEL over the reply. */
  readonly expression?: string;
  /** Envoy's status says more than the table's. */
  readonly keepStatus?: boolean;
}

/** The first that fits counts: a time-out after a refused connection is a time-out. */
const CAUSES: readonly Cause[] = [
  { code: "upstream_address_refused", expression: `response.code_details.contains('${POLICY_PRIVATE_ADDRESS}')` },
  { code: "body_too_large", expression: "response.code_details == 'request_payload_too_large'" },
  { code: "reply_too_large", expression: "response.code_details == 'response_payload_too_large'" },
  { code: "overloaded", flags: ["OM", "UO"] },
  { code: "upstream_timeout", flags: ["UT", "DT", "SI", "UMSDR"] },
  { code: "upstream_invalid_reply", flags: ["UPE"] },
  { code: "upstream_unreachable", flags: ["UF", "UC", "UR", "UH", "URX", "LR", "NR", "NC"] },
  { code: "bad_request", expression: "response.code >= 400 && response.code < 500", keepStatus: true },
  { code: "internal_error", expression: "response.code >= 500" },
];

const NOT_THE_FILTERS = `!('${HEADER_ERROR}' in response.headers)`;
/** Of the route, since the request's path is the provider's by the time that an attempt fails. */
const ANTHROPIC_CLIENT = `xds.route_name == '${ROUTE_ANTHROPIC}'`;

const GEMINI_CLIENT = `xds.route_name == '${ROUTE_GEMINI}'`;

/** Stands for the number, which Envoy puts in. */
const STATUS = "STATUS";

// Format strings: a percent sign begins a command.
const literal = (body: unknown): string => JSON.stringify(body).replaceAll("%", "%%");

function openaiBody({ openaiType: type, message, code }: FilterError): string {
  return literal({ error: { message, type, param: null, code } });
}

function anthropicBody({ anthropicType: type, message, code }: FilterError): string {
  return literal({ type: "error", error: { type, message, code } });
}

function geminiBody({ geminiStatus: status, message, code }: FilterError): string {
  const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: code, domain: "sluice" }];
  return literal({ error: { code: STATUS, status, message, details } }).replace(`"${STATUS}"`, "%RESPONSE_CODE%");
}

function expressionFilter(expression: string): EnvoyValue {
  return {
    extension_filter: {
      name: "envoy.access_loggers.extension_filters.cel",
      typed_config: typed("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", { expression }),
    },
  };
}

function mapper(
  { code, flags, expression, keepStatus }: Cause,
  condition: string,
  body: (error: FilterError) => string,
): EnvoyValue {
  const error = FILTER_ERRORS.find((row) => row.code === code) as FilterError;
  const conditions = [condition, ...(expression === undefined ? [] : [expression])].join(" && ");
  const filters = [
    ...(flags === undefined ? [] : [{ response_flag_filter: { flags: [...flags] } }]),
    expressionFilter(conditions),
  ];
  return {
    filter: filters.length === 1 ? (filters[0] as EnvoyValue) : { and_filter: { filters } },
    ...(keepStatus ? {} : { status_code: error.status }),
    headers_to_add: [{ header: { key: HEADER_ERROR, value: code }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" }],
    body_format_override: {
      text_format_source: { inline_string: body(error) },
      content_type: "application/json",
    },
  };
}

/** A request that never got a route (it was not HTTP) is answered in OpenAI's shape. */
export function localReplyMappers(): EnvoyValue[] {
  return CAUSES.flatMap((cause) => [
    mapper(cause, `${NOT_THE_FILTERS} && ${ANTHROPIC_CLIENT}`, anthropicBody),
    mapper(cause, `${NOT_THE_FILTERS} && ${GEMINI_CLIENT}`, geminiBody),
    mapper(cause, NOT_THE_FILTERS, openaiBody),
  ]);
}
