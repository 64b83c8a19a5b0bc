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

/** Synchronous, for transactions of others. */
export function readPrincipalRow(database: Database.Database, { kind, id }: PrincipalRef): StoredPrincipal | undefined {
  const row = database.prepare("SELECT * FROM principal WHERE kind = ? AND id = ?").get(kind, id);
  return row === undefined ? undefined : principalOf(row as PrincipalRow);
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
    return readPrincipalRow(this.#database, ref);
  }

  async putPrincipal({ kind, id, parent, json }: StoredPrincipal): Promise<void> {
    this.#database.transaction(() => {
      this.#database
        .prepare(
          `INSERT INTO principal (kind, id, parent_kind, parent_id, json) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (kind, id) DO UPDATE
           SET parent_kind = excluded.parent_kind, parent_id = excluded.parent_id, json = excluded.json`,
        )
        .run(kind, id, parent?.kind ?? null, parent?.id ?? null, json);
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
}
