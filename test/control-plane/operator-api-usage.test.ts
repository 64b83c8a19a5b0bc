// Usage over HTTP: sums, events, corrections and invoices, as JSON and CSV, and what is refused with which path.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UsageStoreUnavailable } from "../../control-plane/usage/usage-store.js";
import { event, randomEvents, tokens } from "../usage/random-events.js";
import { Harness } from "./operator-harness.js";

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
});
afterEach(() => harness.remove());

const USAGE = "/api/v1/usage";
const JUNE = "from=2026-06-01&to=2026-07-01";
const at = (text: string) => Date.parse(text);

/** What a refusal says of where. */
async function refusals(path: string, expectedStatus = 422): Promise<string[]> {
  const { status, body } = await harness.get(path);
  expect(status, JSON.stringify(body)).toBe(expectedStatus);
  for (const { mend } of body.error.problems) expect(mend).not.toBe("");
  return body.error.problems.map((problem: { path: string }) => problem.path);
}

describe("sums", () => {
  beforeEach(async () => {
    await harness.usage.append([
      event("one", { tenant: "acme", department: "law", startedAt: at("2026-06-10T23:30:00Z") }),
      event("two", { tenant: "acme", department: "law", startedAt: at("2026-06-11T10:00:00Z"), costNanos: 1_000_400 }),
      event("three", { tenant: "globex", startedAt: at("2026-06-11T10:00:30Z"), status: 502, error: "x,y" }),
    ]);
  });

  it("are grouped by dimensions, and say the currency of money", async () => {
    const { status, body } = await harness.get(`${USAGE}?${JUNE}&groupBy=tenant`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ step: "total", timeZone: "UTC", groupBy: ["tenant", "currency"] });
    const span = { from: "2026-06-01T00:00:00.000Z", to: "2026-07-01T00:00:00.000Z" };
    expect(body.items).toEqual([
      {
        ...span,
        dimensions: { tenant: "acme", currency: "USD" },
        values: { requests: 2, errors: 0, inputTokens: 20, outputTokens: 10, costMicros: 1_004 },
      },
      {
        ...span,
        dimensions: { tenant: "globex", currency: "USD" },
        values: { requests: 1, errors: 1, inputTokens: 10, outputTokens: 5, costMicros: 4 },
      },
    ]);
  });

  it("begin their days where the zone does", async () => {
    const days = async (timeZone: string) => {
      const query = `${JUNE}&step=day&timeZone=${encodeURIComponent(timeZone)}&measures=requests&tenant=acme`;
      const { body } = await harness.get(`${USAGE}?${query}`);
      return body.items.map((item: { from: string; values: object }) => [item.from, item.values]);
    };
    expect(await days("UTC")).toEqual([
      ["2026-06-10T00:00:00.000Z", { requests: 1 }],
      ["2026-06-11T00:00:00.000Z", { requests: 1 }],
    ]);
    expect(await days("Europe/Berlin")).toEqual([["2026-06-10T22:00:00.000Z", { requests: 2 }]]);
  });

  it("can be narrowed to several values, and to those without", async () => {
    const requests = async (filter: string) =>
      (await harness.get(`${USAGE}?${JUNE}&measures=requests&${filter}`)).body.items[0]?.values.requests;
    expect(await requests("tenant=acme,globex")).toBe(3);
    expect(await requests("department=")).toBe(1);
    expect(await requests("statusClass=5xx&tenant=globex")).toBe(1);
    expect(await requests("tenant=initech")).toBeUndefined();
  });

  it("are a table for those who want one", async () => {
    const query = `${USAGE}?${JUNE}&groupBy=tenant&measures=requests,durationMsP50`;
    const wanted = [
      "from,to,tenant,requests,durationMsP50",
      "2026-06-01T00:00:00.000Z,2026-07-01T00:00:00.000Z,acme,2,100",
      "2026-06-01T00:00:00.000Z,2026-07-01T00:00:00.000Z,globex,1,100",
      "",
    ].join("\r\n");
    for (const answer of [await harness.get(`${query}&format=csv`), await harness.get(query, { accept: "text/csv" })]) {
      expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
      expect(answer.body).toBe(wanted);
    }
    const json = await harness.get(`${query}&format=json`, { accept: "text/csv" });
    expect(json.body.items).toHaveLength(2);
  });

  it("that cannot be had are refused by their member's name, all at once", async () => {
    const bad = "from=yesterday&to=2026-13-01&step=week&timeZone=Berlin&groupBy=colour&measures=requests,requests";
    expect(await refusals(`${USAGE}?${bad}`)).toEqual(["/to", "/from", "/step", "/timeZone", "/groupBy", "/measures"]);
    expect(await refusals(`${USAGE}?from=2026-06-02&to=2026-06-01`)).toEqual(["/to"]);
    expect(await refusals(`${USAGE}?from=2026-06-02T00:00:01Z&to=2026-06-03`)).toEqual(["/from"]);
    expect(await refusals(`${USAGE}?${JUNE}&step=minute`)).toEqual(["/step"]);
    expect(await refusals(`${USAGE}?${JUNE}&consumer=${"a,".repeat(101)}`)).toEqual(["/consumer"]);
    expect(await refusals(`${USAGE}?colour=red`, 400)).toEqual([]);
  });

  it("are refused from before what is kept, and say so", async () => {
    await harness.usage.prune({
      events: at("2026-06-20"),
      minutes: at("2026-06-20"),
      hours: at("2026-06-20"),
      days: 0,
    });
    expect(await refusals(`${USAGE}?from=2026-06-10T01:00:00Z&to=2026-06-11`)).toEqual(["/from"]);
    expect((await harness.get(`${USAGE}?${JUNE}`)).status).toBe(200);
  });

  it("need the operator token", async () => {
    for (const path of [USAGE, `${USAGE}/events`, "/api/v1/invoices/2026-06"]) {
      expect((await harness.get(path, { authorization: "Bearer wrong" })).status).toBe(401);
    }
  });

  it("are unavailable while the store is, and internals stay inside", async () => {
    harness.usage.query = () => Promise.reject(new UsageStoreUnavailable("mongodb://user:secret@host is gone"));
    const { status, body } = await harness.get(`${USAGE}?${JUNE}`);
    expect([status, body.error.code]).toEqual([503, "usage_store_unavailable"]);
    expect(JSON.stringify(body)).not.toContain("secret");
  });
});

describe("events", () => {
  it("come in pages, as they are, filtered", async () => {
    const events = randomEvents(25, { from: at("2026-06-01"), to: at("2026-07-01") }, 1);
    await harness.usage.append(events);
    const found: unknown[] = [];
    let path = `${USAGE}/events?${JUNE}&limit=10`;
    for (let pages = 0; path !== ""; pages++) {
      expect(pages).toBeLessThan(3);
      const { body } = await harness.get(path);
      found.push(...body.items);
      path = body.next === undefined ? "" : `${USAGE}/events?${JUNE}&limit=10&after=${encodeURIComponent(body.next)}`;
    }
    expect(found).toEqual([...events].sort((a, b) => a.startedAt - b.startedAt));
    const { body } = await harness.get(`${USAGE}/events?${JUNE}&consumer=consumer-1`);
    expect(body.items).toEqual(expect.arrayContaining(events.filter(({ consumer }) => consumer === "consumer-1")));
  });

  it("are asked for in a range that is one", async () => {
    expect(await refusals(`${USAGE}/events?from=2026-06-02&to=2026-06-02`)).toEqual(["/to"]);
    expect((await harness.get(`${USAGE}/events?limit=1001`)).status).toBe(400);
  });
});

describe("events that are sent", () => {
  const send = (body: unknown) => harness.post(`${USAGE}/events`, body);

  it("are stored one by one, and once", async () => {
    const events = [event("a"), { ...event("b"), tokens: 5 }, event("c")];
    expect((await send({ events })).body).toEqual({
      accepted: 2,
      duplicates: 0,
      refused: 1,
      defects: [{ index: 1, message: expect.stringMatching(/^tokens: /) }],
    });
    expect((await send({ events: [event("c"), event("d")] })).body).toMatchObject({ accepted: 1, duplicates: 1 });
    expect((await harness.get(`${USAGE}?${JUNE}&measures=requests`)).body.items[0].values.requests).toBe(3);
  });

  it("come in a list that is one", async () => {
    const refusal = async (body: unknown) => (await send(body)).body.error;
    expect(await refusal({ events: event("a") })).toMatchObject({ code: "invalid_usage_events" });
    const tooMany = await refusal({ events: Array(1001).fill(null) });
    expect(tooMany.problems).toMatchObject([{ path: "/events" }]);
    expect((await refusal([event("a")])).problems).toMatchObject([{ path: "" }]);
  });
});

describe("corrections", () => {
  const wrong = event("wrong", { tenant: "acme", tokens: tokens({ input: 1_000 }), costNanos: 5_000_000 });
  const mend = { corrects: "wrong", tokens: { input: -900 }, costNanos: -4_500_000, reason: "the bill says 100" };
  beforeEach(() => harness.usage.append([wrong]));

  const correct = (body: unknown) => harness.post(`${USAGE}/corrections`, body);
  const paths = async (body: unknown) =>
    (await correct(body)).body.error.problems.map(({ path }: { path: string }) => path);

  it("are events of their own, under the names of what they correct", async () => {
    const { status, body } = await correct(mend);
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: "correction", corrects: "wrong", tenant: "acme", startedAt: wrong.startedAt });
    const listed = (await harness.get(`${USAGE}/events?${JUNE}`)).body.items;
    expect(listed).toEqual(expect.arrayContaining([wrong, body]));
    const sums = (await harness.get(`${USAGE}?${JUNE}&measures=requests,corrections,inputTokens,costMicros`)).body;
    expect(sums.items[0].values).toEqual({ requests: 1, corrections: 1, inputTokens: 100, costMicros: 500 });
  });

  it("with an id count once, and never stand for another", async () => {
    const named = { ...mend, id: "ticket-1" };
    expect((await correct(named)).status).toBe(201);
    expect((await correct(named)).status).toBe(201);
    expect((await correct({ ...named, costNanos: -1 })).body.error.code).toBe("usage_event_taken");
    expect((await correct({ ...named, id: "wrong" })).body.error.code).toBe("usage_event_taken");
    expect((await harness.get(`${USAGE}?${JUNE}&measures=corrections`)).body.items[0].values.corrections).toBe(1);
  });

  it("may be booked later, to leave an invoiced month as it is", async () => {
    const { body } = await correct({ ...mend, startedAt: "2026-07-01T00:00:00Z" });
    expect(body.startedAt).toBe(at("2026-07-01T00:00:00Z"));
    expect((await harness.get("/api/v1/invoices/2026-06")).body.items[0].costMicros).toBe(5_000);
    expect((await harness.get("/api/v1/invoices/2026-07")).body.items[0].costMicros).toBe(-4_500);
  });

  it("that mean nothing are refused by path", async () => {
    expect(await paths({})).toEqual(["/corrects", "/reason"]);
    expect(await paths({ corrects: "wrong", reason: "why" })).toEqual([""]);
    expect(await paths({ ...mend, tokens: { input: 0.5 } })).toEqual(["/tokens/input"]);
    expect(await paths({ ...mend, tokens: { video: 1 } })).toEqual(["/tokens/video"]);
    expect(await paths({ ...mend, costNanos: 9e15 + 1 })).toEqual(["/costNanos"]);
    expect(await paths({ ...mend, startedAt: "soon" })).toEqual(["/startedAt"]);
    expect((await correct({ ...mend, corrects: "nobody" })).status).toBe(404);
    expect((await correct(undefined)).status).toBe(400);
    await harness.usage.prune({ events: at("2026-06-15"), minutes: 0, hours: 0, days: 0 });
    expect(await paths({ ...mend, startedAt: "2026-06-01T00:00:00Z" })).toEqual(["/startedAt"]);
    expect((await harness.get(`${USAGE}?from=2026-06-15&to=2026-06-16&measures=corrections`)).body.items).toMatchObject(
      [{ values: { corrections: 0 } }],
    );
  });
});

describe("an invoice", () => {
  beforeEach(() =>
    harness.usage.append([
      event("a", { tenant: "acme", department: "law", costNanos: 1_000_000 }),
      event("b", { tenant: "acme", department: "law", model: "slow", route: "slow", costNanos: 2_000_000 }),
      event("c", { tenant: "acme", department: "law", currency: "EUR", costNanos: 7_000 }),
      event("d", { tenant: "acme", department: "=risk()", costNanos: 5_000 }),
      event("late", { tenant: "acme", department: "law", startedAt: at("2026-06-30T23:00:00Z"), costNanos: 9_000 }),
    ]),
  );

  it("tells each department and currency, with its models", async () => {
    const { body } = await harness.get("/api/v1/invoices/2026-06");
    expect(body).toMatchObject({ month: "2026-06", timeZone: "UTC", from: "2026-06-01T00:00:00.000Z" });
    const shape = body.items.map((item: { department: string; currency: string; costMicros: number; models: [] }) => [
      item.department,
      item.currency,
      item.costMicros,
      item.models.map(({ model, costMicros }) => [model, costMicros]),
    ]);
    expect(shape).toEqual([
      ["=risk()", "USD", 5, [["fast", 5]]],
      ["law", "EUR", 7, [["fast", 7]]],
      [
        "law",
        "USD",
        3_009,
        [
          ["fast", 1_009],
          ["slow", 2_000],
        ],
      ],
    ]);
  });

  it("begins and ends as the zone's month does", async () => {
    const june = await harness.get("/api/v1/invoices/2026-06?timeZone=Europe/Berlin&department=law");
    expect(june.body.items.map(({ costMicros }: { costMicros: number }) => costMicros)).toEqual([7, 3_000]);
    const july = await harness.get("/api/v1/invoices/2026-07?timeZone=Europe/Berlin");
    expect(july.body.items).toMatchObject([{ department: "law", costMicros: 9 }]);
  });

  it("is a table without formulas", async () => {
    const { body } = await harness.get("/api/v1/invoices/2026-06?format=csv");
    const [head, first] = body.split("\r\n");
    expect(head).toMatch(/^month,tenant,department,currency,model,requests,/);
    expect(first).toMatch(/^2026-06,acme,'=risk\(\),USD,fast,1,0,0,10,5,0,5$/);
    expect(body.split("\r\n")).toHaveLength(6);
  });

  it("of no month, or in no zone, is refused by path", async () => {
    expect(await refusals("/api/v1/invoices/2026-13?timeZone=Mars")).toEqual(["/timeZone", "/month"]);
    expect((await harness.get("/api/v1/invoices/2026-06?consumer=a")).status).toBe(400);
  });
});
