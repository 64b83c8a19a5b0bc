// The sequence of key changes in SQLite. Its writes are parts of the transactions that change keys.
import type Database from "libsql";
import type { PrincipalRef } from "../../resources/common.js";
import type { KeyChanges } from "../store.js";

/** Workers ask every second: one that is further behind than this drops all its leases instead. */
const CHANGES_KEPT = 10_000;
/**
 * As many as one answer to a worker names. Of a change that concerns more keys or more principals it is remembered only
 * that everything changed: looking for them all would hold up everybody else for longer than it is worth.
 */
const CHANGED_AT_ONCE_MAX = 1_024;

const BELOW = `
  WITH RECURSIVE below (kind, id) AS (
    VALUES (?, ?)
    UNION ALL
    SELECT principal.kind, principal.id FROM below
    JOIN principal ON principal.parent_kind = below.kind AND principal.parent_id = below.id
    LIMIT ${CHANGED_AT_ONCE_MAX + 1}
  )`;
const COUNT_BELOW = `${BELOW} SELECT count(*) AS count FROM below`;
const DIGESTS_BELOW = `${BELOW}
  SELECT digest FROM below
  JOIN api_key ON below.kind = api_key.consumer_kind AND below.id = api_key.consumer_id
  UNION ALL
  SELECT digest FROM below
  JOIN identity ON below.kind = identity.consumer_kind AND below.id = identity.consumer_id
  LIMIT ${CHANGED_AT_ONCE_MAX + 1}`;

export class KeyChangeSequence {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  since(since: bigint, limit: number): KeyChanges {
    const { floor, last } = this.#range();
    const from = Number(since);
    if (from < floor || from > last) return { all: true, digests: [], sequence: BigInt(last) };
    const rows = this.#database
      .prepare("SELECT DISTINCT digest FROM key_change WHERE sequence > ? LIMIT ?")
      .all(from, limit + 1) as { digest: string }[];
    const all = rows.length > limit;
    return { all, digests: all ? [] : rows.map((row) => row.digest), sequence: BigInt(last) };
  }

  /** All keys and identities of the consumers at or below `principal`. Before these go, when they go. */
  recordBelow(principal: PrincipalRef): void {
    const digests = this.#digestsBelow(principal);
    if (digests === undefined) this.recordEverything();
    else this.record(digests);
  }

  record(digests: readonly string[]): void {
    if (digests.length === 0) return;
    let { floor, last } = this.#range();
    const insert = this.#database.prepare("INSERT INTO key_change (sequence, digest) VALUES (?, ?)");
    for (const digest of digests) insert.run(++last, digest);
    floor = Math.max(floor, last - CHANGES_KEPT);
    this.#keep(floor, last);
  }

  /** Whoever asks next with a sequence from before has to drop everything. */
  recordEverything(): void {
    const last = this.#range().last + 1;
    this.#keep(last, last);
  }

  /** Undefined for too many. */
  #digestsBelow({ kind, id }: PrincipalRef): readonly string[] | undefined {
    const { count } = this.#database.prepare(COUNT_BELOW).get(kind, id) as { count: number };
    if (count > CHANGED_AT_ONCE_MAX) return undefined;
    const rows = this.#database.prepare(DIGESTS_BELOW).all(kind, id) as { digest: string }[];
    return rows.length > CHANGED_AT_ONCE_MAX ? undefined : rows.map(({ digest }) => digest);
  }

  #keep(floor: number, last: number): void {
    this.#database.prepare("DELETE FROM key_change WHERE sequence <= ?").run(floor);
    this.#database.prepare("UPDATE key_change_range SET floor = ?, last = ?").run(floor, last);
  }

  #range(): { floor: number; last: number } {
    return this.#database.prepare("SELECT floor, last FROM key_change_range").get() as { floor: number; last: number };
  }
}
