// The faults that a demo provider can be told to show, and their check. It applies none of them: server.mjs does.

/** Kind → the fields that it takes beside `times`. */
const FIELDS = {
  none: {},
  status: { status: "status", message: "string", code: "string", retryAfterSeconds: "count" },
  hang: {},
  refuse: { forMs: "count" },
  reset: { afterHeaders: "boolean" },
  "sse-error": { message: "string" },
  body: { status: "anyStatus", contentType: "string", text: "string" },
  cut: { afterEvents: "count", withinEvent: "boolean", reset: "boolean" },
  slow: { firstEventDelayMs: "count", eventDelayMs: "count" },
  chop: { chunkBytes: "count" },
  "invalid-json": {},
  gzip: { status: "status" },
};

const CHECKS = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  count: (value) => Number.isInteger(value) && value >= 0,
  status: (value) => Number.isInteger(value) && value >= 400 && value <= 599,
  anyStatus: (value) => Number.isInteger(value) && value >= 200 && value <= 599,
};
const WANTED = { status: "a status from 400 to 599", anyStatus: "a status from 200 to 599" };

export const NO_FAULT = Object.freeze({ kind: "none" });

/** Returns a copy of `value` if it is a fault, else throws a sentence that says what is wrong. */
export function parseFault(value) {
  if (typeof value !== "object" || value === null) throw new Error('want an object such as {"kind":"hang"}');
  const fields = Object.hasOwn(FIELDS, value.kind) ? FIELDS[value.kind] : undefined;
  if (!fields) throw new Error(`kind ${JSON.stringify(value.kind)}: want one of ${Object.keys(FIELDS).join(", ")}`);
  for (const [name, field] of Object.entries(value)) {
    if (name === "kind") continue;
    const type = name === "times" ? "count" : fields[name];
    if (!type)
      throw new Error(`${value.kind} takes no '${name}'; it takes ${["times", ...Object.keys(fields)].join(", ")}`);
    if (!CHECKS[type](field)) throw new Error(`${name}: want ${WANTED[type] ?? `a ${type}`}`);
  }
  if (value.kind === "status" && value.status === undefined) throw new Error("status: want a status from 400 to 599");
  if (value.times === 0) throw new Error("times: want 1 or more; leave it out for a lasting fault");
  return { ...value };
}

/** The current fault of one provider; `times` counts down with every request that takes it. */
export class FaultSwitch {
  #fault = NO_FAULT;

  get current() {
    return this.#fault;
  }

  set(fault) {
    this.#fault = fault;
  }

  take() {
    const fault = this.#fault;
    if (fault.times !== undefined) this.#fault = fault.times > 1 ? { ...fault, times: fault.times - 1 } : NO_FAULT;
    return fault;
  }
}
