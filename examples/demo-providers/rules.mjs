// Words for checking requests: a rule throws Refusal with the provider's own kind of message. Shared by both dialects.

export class Refusal extends Error {
  /** @param {{ code?: string, param?: string, type?: string }} [detail] */
  constructor(status, message, detail = {}) {
    super(message);
    this.status = status;
    this.detail = detail;
  }
}

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
export const isText = (value) => typeof value === "string";
export const isFlag = (value) => typeof value === "boolean";
export const isNumberIn = (low, high) => (value) => typeof value === "number" && value >= low && value <= high;
export const isCount =
  (low, high = Number.MAX_SAFE_INTEGER) =>
  (value) =>
    Number.isInteger(value) && value >= low && value <= high;
export const isOneOf =
  (...values) =>
  (value) =>
    values.includes(value);
export const isListOf = (check) => (value) => Array.isArray(value) && value.every(check);
export const isNullOr = (check) => (value) => value === null || check(value);

/** Checks the fields that are present; `table` is name → [check, what is wanted]. */
export function checkFields(object, table, path, refuse) {
  for (const [name, [check, wanted]] of Object.entries(table)) {
    if (object[name] === undefined) continue;
    if (!check(object[name])) refuse(`${path}${name}`, wanted);
  }
}

/** The first field that `known` does not list. */
export const unknownField = (object, known) => Object.keys(object).find((name) => !known.includes(name));

/** The last part of a path, decoded; what is no valid encoding stays as it is and will be an unknown name. */
export function nameAfter(prefix, path) {
  const encoded = path.slice(prefix.length);
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
