// Documents that are in force without a revision, in SQLite: budgets and identity providers.
import type Database from "libsql";
import type { PrincipalKind, PrincipalRef, StandingKind } from "../../resources/common.js";
import type { StandingPage, StandingStore, StoredStanding } from "../store.js";
import type { KeyChangeSequence } from "./key-changes.js";

interface StandingRow {
  kind: StandingKind;
  id: string;
  scope_kind: PrincipalKind | null;
  scope_id: string | null;
  json: string;
}

function standingOf({ kind, id, scope_kind, scope_id, json }: StandingRow): StoredStanding {
  const scope = scope_kind === null || scope_id === null ? undefined : { kind: scope_kind, id: scope_id };
  return { kind, id, scope, json };
}

export class EmbeddedStandingStore implements StandingStore {
  readonly #database: Database.Database;
  readonly #changes: KeyChangeSequence;

  constructor(database: Database.Database, changes: KeyChangeSequence) {
    this.#database = database;
    this.#changes = changes;
  }

  async standing({ kind, scope, after, limit }: StandingPage): Promise<readonly StoredStanding[]> {
    const within = scope === undefined ? "" : "AND scope_kind = ? AND scope_id = ?";
    const ofScope = scope === undefined ? [] : [scope.kind, scope.id];
    const rows = this.#database
      .prepare(`SELECT * FROM standing WHERE kind = ? ${within} AND id > ? ORDER BY id LIMIT ?`)
      .all(kind, ...ofScope, after ?? "", limit) as StandingRow[];
    return rows.map(standingOf);
  }

  async standingById(kind: StandingKind, id: string): Promise<StoredStanding | undefined> {
    return this.#find(kind, id);
  }

  async standingFor(kind: StandingKind, scopes: readonly PrincipalRef[]): Promise<readonly StoredStanding[]> {
    const any = scopes.map(() => "OR (scope_kind = ? AND scope_id = ?)").join(" ");
    const rows = this.#database
      .prepare(`SELECT * FROM standing WHERE kind = ? AND (scope_kind IS NULL ${any}) ORDER BY id`)
      .all(kind, ...scopes.flatMap((scope) => [scope.kind, scope.id])) as StandingRow[];
    return rows.map(standingOf);
  }

  async putStanding(document: StoredStanding): Promise<void> {
    const { kind, id, scope, json } = document;
    this.#database.transaction(() => {
      this.#recordChange(this.#find(kind, id));
      this.#database
        .prepare(
          `INSERT INTO standing (kind, id, scope_kind, scope_id, json) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (kind, id) DO UPDATE
           SET scope_kind = excluded.scope_kind, scope_id = excluded.scope_id, json = excluded.json`,
        )
        .run(kind, id, scope?.kind ?? null, scope?.id ?? null, json);
      this.#recordChange(document);
    })();
  }

  async deleteStanding(kind: StandingKind, id: string): Promise<boolean> {
    return this.#database.transaction(() => {
      this.#recordChange(this.#find(kind, id));
      return this.#database.prepare("DELETE FROM standing WHERE kind = ? AND id = ?").run(kind, id).changes > 0;
    })();
  }

  #find(kind: StandingKind, id: string): StoredStanding | undefined {
    const row = this.#database.prepare("SELECT * FROM standing WHERE kind = ? AND id = ?").get(kind, id);
    return row === undefined ? undefined : standingOf(row as StandingRow);
  }

  /** Leases carry budgets, and nothing of identity providers. */
  #recordChange(document: StoredStanding | undefined): void {
    if (document?.kind !== "budget") return;
    if (document.scope === undefined) this.#changes.recordEverything();
    else this.#changes.recordBelow(document.scope);
  }
}
