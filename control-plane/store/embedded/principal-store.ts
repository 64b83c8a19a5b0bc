// Tenants, departments, applications and consumers in SQLite: one table, whose foreign key keeps parents in place.
import type Database from "libsql";
import type { PrincipalKind, PrincipalRef } from "../../resources/common.js";
import type { PrincipalPage, PrincipalStore, StoredPrincipal } from "../store.js";
import type { KeyChangeSequence } from "./key-changes.js";

interface PrincipalRow {
  kind: PrincipalKind;
  id: string;
  parent_kind: PrincipalKind | null;
  parent_id: string | null;
  json: string;
}

function principalOf({ kind, id, parent_kind, parent_id, json }: PrincipalRow): StoredPrincipal {
  const parent = parent_kind === null || parent_id === null ? undefined : { kind: parent_kind, id: parent_id };
  return { kind, id, parent, json };
}

function find(database: Database.Database, { kind, id }: PrincipalRef): StoredPrincipal | undefined {
  const row = database.prepare("SELECT * FROM principal WHERE kind = ? AND id = ?").get(kind, id);
  return row === undefined ? undefined : principalOf(row as PrincipalRow);
}

/** The consumer and all that it is part of, the nearest first. Synchronous: within a transaction it is of one moment. */
export function chainOf(database: Database.Database, consumerId: string): readonly StoredPrincipal[] {
  const chain: StoredPrincipal[] = [];
  for (let next: PrincipalRef | undefined = { kind: "consumer", id: consumerId }; next !== undefined; ) {
    const principal = find(database, next);
    if (principal !== undefined) chain.push(principal);
    next = principal?.parent;
  }
  return chain;
}

export class EmbeddedPrincipalStore implements PrincipalStore {
  readonly #database: Database.Database;
  readonly #changes: KeyChangeSequence;

  constructor(database: Database.Database, changes: KeyChangeSequence) {
    this.#database = database;
    this.#changes = changes;
  }

  async principals({ kind, parent, after, limit }: PrincipalPage): Promise<readonly StoredPrincipal[]> {
    const below = parent === undefined ? "" : "AND parent_kind = ? AND parent_id = ?";
    const ofParent = parent === undefined ? [] : [parent.kind, parent.id];
    const rows = this.#database
      .prepare(`SELECT * FROM principal WHERE kind = ? ${below} AND id > ? ORDER BY id LIMIT ?`)
      .all(kind, ...ofParent, after ?? "", limit) as PrincipalRow[];
    return rows.map(principalOf);
  }

  async principal(ref: PrincipalRef): Promise<StoredPrincipal | undefined> {
    return find(this.#database, ref);
  }

  async findIdentity(digest: string): Promise<readonly StoredPrincipal[] | undefined> {
    return this.#database.transaction(() => {
      const row = this.#database.prepare("SELECT consumer_id FROM identity WHERE digest = ?").get(digest) as
        | { consumer_id: string }
        | undefined;
      return row && chainOf(this.#database, row.consumer_id);
    })();
  }

  async putPrincipal({ kind, id, parent, json }: StoredPrincipal, identities: readonly string[] = []): Promise<void> {
    this.#database.transaction(() => {
      this.#database
        .prepare(
          `INSERT INTO principal (kind, id, parent_kind, parent_id, json) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (kind, id) DO UPDATE
           SET parent_kind = excluded.parent_kind, parent_id = excluded.parent_id, json = excluded.json`,
        )
        .run(kind, id, parent?.kind ?? null, parent?.id ?? null, json);
      if (kind === "consumer") this.#replaceIdentities(id, identities);
      this.#changes.recordBelow({ kind, id });
    })();
  }

  async deletePrincipal({ kind, id }: PrincipalRef): Promise<boolean> {
    return this.#database.transaction(() => {
      this.#changes.recordBelow({ kind, id });
      const { changes } = this.#database.prepare("DELETE FROM principal WHERE kind = ? AND id = ?").run(kind, id);
      return changes > 0;
    })();
  }

  #replaceIdentities(consumerId: string, digests: readonly string[]): void {
    const rows = this.#database
      .prepare("DELETE FROM identity WHERE consumer_id = ? RETURNING digest")
      .all(consumerId) as { digest: string }[];
    this.#changes.record(rows.map(({ digest }) => digest).filter((digest) => !digests.includes(digest)));
    const insert = this.#database.prepare("INSERT INTO identity (digest, consumer_id) VALUES (?, ?)");
    for (const digest of digests) insert.run(digest, consumerId);
  }
}
