// Where a model route, or a rule of it, sends requests: tiers of targets, the first of which is tried first; within a tier a strategy
// says in which order. A list of targets alone is one tier that is tried in its own order.
import { z } from "zod";
import { ROUTE_TARGETS_MAX, TIERS_MAX } from "../contract.js";
import { idSchema } from "./common.js";

export const STRATEGIES = [
  "ordered",
  "weighted",
  "least-requests",
  "lowest-latency",
  "cheapest",
  "consistent-hash",
  "random",
] as const;
export type StrategyName = (typeof STRATEGIES)[number];

const WEIGHT_MAX = 1_000_000;
const instant = z.iso.datetime({ offset: true });

const memberSchema = z
  .strictObject({
    target: idSchema.describe("Id of the target."),
    weight: z
      .int()
      .min(0)
      .max(WEIGHT_MAX)
      .optional()
      .describe("Of the strategy `weighted`, 1 if it is not given; 0 = none, not even as a backup."),
    shift: z
      .strictObject({
        to: z.int().min(0).max(WEIGHT_MAX).describe("The weight at the end."),
        from: instant.describe("When it begins to change."),
        until: instant.describe("When it has changed."),
      })
      .refine(({ from, until }) => Date.parse(from) < Date.parse(until), {
        path: ["until"],
        error: "is not behind from",
        params: { mend: "Name a later instant." },
      })
      .optional()
      .describe("A weight that moves evenly from one value to another, e.g. for a canary."),
  })
  .meta({ id: "RouteTarget" });
export type RouteTarget = z.output<typeof memberSchema>;

const tierSchema = z
  .strictObject({
    strategy: z.enum(STRATEGIES).optional().describe("Without it ordered. Which of its targets comes first."),
    targets: z.array(memberSchema).min(1).max(ROUTE_TARGETS_MAX),
  })
  .meta({ id: "RouteTier" });
export type Tier = z.output<typeof tierSchema>;

export const targetsFields = {
  targets: z
    .array(memberSchema)
    .min(1)
    .max(ROUTE_TARGETS_MAX)
    .optional()
    .describe("Targets in the order in which they are tried: short for one tier with the strategy `ordered`."),
  tiers: z
    .array(tierSchema)
    .min(1)
    .max(TIERS_MAX)
    .optional()
    .describe("Primary targets, then backups: a tier is tried when the ones before it have nothing left."),
};

export interface HasTargets {
  readonly targets?: readonly RouteTarget[] | undefined;
  readonly tiers?: readonly Tier[] | undefined;
}

export function tiersOf({ targets, tiers }: HasTargets): readonly Tier[] {
  if (tiers !== undefined) return tiers;
  return targets === undefined ? [] : [{ strategy: "ordered", targets: [...targets] }];
}

/** Every member with its place in the document. */
export function membersOf(
  place: HasTargets,
): readonly { readonly path: readonly (string | number)[]; readonly member: RouteTarget }[] {
  const list = (path: readonly (string | number)[], members: readonly RouteTarget[]) =>
    members.map((member, index) => ({ path: [...path, index], member }));
  return [
    ...list(["targets"], place.targets ?? []),
    ...(place.tiers ?? []).flatMap(({ targets }, index) => list(["tiers", index, "targets"], targets)),
  ];
}

/** Exactly one of the ways to say where requests go, and no target twice: its second place would never be reached. */
export function targetsProblem(place: HasTargets, context: z.RefinementCtx, hasOther: boolean): void {
  const refuse = (path: (string | number)[], message: string, mend: string) =>
    context.addIssue({ code: "custom", path, message, params: { mend } });
  const ways = [place.targets !== undefined, place.tiers !== undefined, hasOther].filter(Boolean).length;
  if (ways === 0) refuse([], "names no targets", "Add targets or tiers.");
  if (ways > 1) refuse([], "names its targets in two ways", "Leave one of targets, tiers and modelRoute.");
  const seen = new Map<string, string>();
  for (const { path, member } of membersOf(place)) {
    const first = seen.get(member.target);
    const here = path.join("/");
    if (first === undefined) seen.set(member.target, here);
    else
      refuse(
        [...path, "target"],
        `'${member.target}' is at /${first} already: it would never be reached here`,
        "Leave out one of the two.",
      );
  }
  if (seen.size > ROUTE_TARGETS_MAX) refuse([], `names ${seen.size} targets`, `Name ${ROUTE_TARGETS_MAX} or fewer.`);
  for (const [index, { strategy, targets }] of (place.tiers ?? []).entries()) {
    if (strategy !== "weighted" || targets.some(({ weight = 1, shift }) => weight > 0 || (shift?.to ?? 0) > 0))
      continue;
    refuse(
      ["tiers", index, "targets"],
      "have no weight, and can never be reached",
      "Give one of them a weight above 0.",
    );
  }
}
