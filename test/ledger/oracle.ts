// A random history of asks, each answered by the ledger and by the decision over records in memory: they must agree.
import { expect } from "vitest";
import { Accounts } from "../../control-plane/ledger/accounts.js";
import type { Ask, AskEntry, Ledger } from "../../control-plane/ledger/ledger.js";
import { type Random, seeded } from "../usage/random-events.js";
import { budget } from "./budgets.js";
import { MemoryRecords } from "./memory-records.js";

const STEPS = 600;
/** Longer than any test: liveness is then the same by both clocks. */
const LEASE_MS = 30_000;
const HOLDERS = Array.from({ length: 5 }, (_, index) => `000000000000000${index}`);

const BUDGETS = [
  budget({ id: "all", limit: 3_000 }),
  budget({ id: "shadow", limit: 500, shadowMode: true }),
  budget({ id: "tenant", limit: 1_500, window: "month", scope: { tenant: "acme" } }),
  budget({ id: "level", limit: 300, measure: "concurrent_requests", window: undefined, scope: { tenant: "acme" } }),
  budget({ id: "consumer", limit: 900, scope: { consumer: "search" } }),
];
/** Asked for alone: over several clocks of a cluster it may be another minute already. */
const RATE = budget({ id: "rate", limit: 800, window: "minute", scope: { department: "research" } });

function randomEntry(of: (typeof BUDGETS)[number], sequence: number, random: Random): AskEntry {
  const level = of.measure === "concurrent_requests";
  const used = level ? 0 : random(250);
  const floor = used + random(300);
  const wanted = floor + (random(3) === 0 ? random(300) : 0);
  const limit = random(10) === 0 ? random(2_000) : of.limit;
  return {
    budget: { ...of, limit },
    sequence,
    used,
    floor,
    wanted,
    allocated: random(4) === 0 ? random(wanted + 1) : 0,
  };
}

function randomAsk(sequence: number, random: Random): Ask {
  const holder = HOLDERS[random(HOLDERS.length)] as string;
  // Some come late: with a number that others had before.
  const number = random(5) === 0 ? 1 + random(sequence) : sequence;
  const budgets = random(6) === 0 ? [RATE] : BUDGETS.filter(() => random(2) === 0);
  return { holder, entries: budgets.map((of) => randomEntry({ ...of }, number, random)) };
}

export async function agreesWithOracle(ledger: Ledger): Promise<void> {
  const oracle = new Accounts(new MemoryRecords(), LEASE_MS);
  const random = seeded(21);
  const refusals = new Set<string | undefined>();
  for (let step = 1; step <= STEPS; step++) {
    const ask = randomAsk(step, random);
    const reply = await ledger.ask(ask);
    const expected = oracle.ask(ask, reply.nowMs);
    const comparable = ({ granted, entries }: typeof reply) => ({
      granted,
      entries: entries.map(({ notAfter: _notAfter, ...rest }) => rest),
    });
    expect(comparable(reply), `step ${step}: ${JSON.stringify(ask)}`).toEqual(comparable(expected));
    for (const { refused } of reply.entries) refusals.add(refused);
  }
  expect([...refusals].sort()).toEqual(["rebuilding", "spent", "withheld", undefined]);
  for (const of of BUDGETS) {
    const [state, expected] = [await ledger.state(of), oracle.state(of, undefined, Date.now())];
    const sums = ({ allocated, settled, holders }: typeof state) => [
      allocated,
      settled,
      holders.map((each) => [each.holder, each.allocated, each.used]).sort(),
    ];
    expect(sums(state)).toEqual(sums(expected));
  }
}
