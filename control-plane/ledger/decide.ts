// The decision: what a holder may use of a budget, from where it stands and where the others do. Pure; redis/scripts.ts says
// the same in Lua, and the tests hold the two against each other.
import type { Refusal } from "./ledger.js";

/** Headroom is at most one part in this many of what remains. */
export const HEADROOM_PARTS = 100;

/** What the ledger knows about one holder in one window. */
export interface Account {
  readonly allocated: number;
  readonly used: number;
  readonly sequence: number;
}

export const NO_ACCOUNT: Account = { allocated: 0, used: 0, sequence: 0 };

/** What a holder says; see AskEntry. */
export interface Claim {
  readonly sequence: number;
  readonly used: number;
  readonly floor: number;
  readonly wanted: number;
  readonly allocated: number;
}

export interface Rule {
  readonly limit: number;
  /** A level, such as concurrent requests: nothing is used up, and only allocations are added. */
  readonly level: boolean;
  /** Windows so short that nobody could ask again within them: headroom is the holder's share of the limit. */
  readonly shared: boolean;
  /** Never refuses. */
  readonly shadow: boolean;
}

export interface Case {
  readonly claim: Claim;
  readonly account: Account;
  readonly rule: Rule;
  /** Of all holders in the window, this one included. */
  readonly allocated: number;
  /** This one included. */
  readonly liveHolders: number;
  /** Why nothing can be granted beyond what is held. */
  readonly closed: Refusal | undefined;
}

export interface Verdict {
  readonly account: Account;
  readonly refused: Refusal | undefined;
}

/** Beyond its floor a holder gets little, so that little is lost with it and others find something. */
function withHeadroom({ claim, rule, liveHolders }: Case, room: number): number {
  if (rule.shared) return Math.max(claim.floor, Math.floor(rule.limit / liveHolders));
  return claim.floor + Math.floor(Math.max(0, room - claim.floor) / (HEADROOM_PARTS * liveHolders));
}

/** What the others leave of the limit. */
function roomFor({ claim, account, rule, allocated }: Case): number {
  const room = rule.limit - (allocated - account.allocated);
  return rule.shadow ? Math.max(room, claim.floor) : room;
}

function most(facts: Case): number {
  const room = roomFor(facts);
  return Math.min(room, withHeadroom(facts, room));
}

function settle(facts: Case, mayGrow: boolean): Verdict {
  const { claim, account, rule, closed } = facts;
  const shortOf = (allocated: number, reason: Refusal) => (allocated < claim.floor ? reason : undefined);
  if (claim.sequence <= account.sequence) {
    return { account, refused: shortOf(account.allocated, roomFor(facts) < claim.floor ? "spent" : "withheld") };
  }
  const used = Math.max(account.used, claim.used);
  // The ledger may know less than the holder, if it has lost data. But a level that it does not know may have lapsed.
  const trusted = !rule.level || closed === "rebuilding" ? claim.allocated : 0;
  const before = Math.max(account.allocated, trusted);
  const kept = Math.max(used, Math.min(before, claim.wanted));
  const grown = mayGrow && closed === undefined ? Math.min(claim.wanted, most(facts)) : 0;
  const allocated = Math.max(kept, grown);
  return {
    account: { allocated, used, sequence: claim.sequence },
    refused: shortOf(allocated, closed ?? (mayGrow ? "spent" : "withheld")),
  };
}

/**
 * One verdict for each case. If one is refused, none of the others grows. Without `mayGrow` what is used is taken down and
 * what is not wanted given back, and that is all.
 */
export function decide(cases: readonly Case[], mayGrow = true): readonly Verdict[] {
  const verdicts = cases.map((facts) => settle(facts, mayGrow));
  if (!mayGrow || verdicts.every(({ refused }) => refused === undefined)) return verdicts;
  return cases.map((facts, index) => {
    const verdict = verdicts[index];
    return verdict === undefined || verdict.refused === undefined ? settle(facts, false) : verdict;
  });
}
