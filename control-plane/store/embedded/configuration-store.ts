// Revisions, documents and sealed credentials in SQLite. It writes only the documents that differ from the live ones.
import type Database from "libsql";
import {
  type ConfigurationKind,
  type ConfigurationStore,
  type RevisionCommit,
  RevisionConflict,
  type RevisionSummary,
  type StoredCredential,
  type StoredDocument,
  type StoredRevision,
} from "../store.js";

interface RevisionRow {
  number: number;
  created_at: string;
  cause: string;
}

interface DocumentRow {
  kind: ConfigurationKind;
  id: string;
  json: string;
}

interface CredentialRow {
  provider_id: string;
  key_id: string;
  box: string;
  updated_at: string;
}

function summary(row: RevisionRow): RevisionSummary {
  return { number: BigInt(row.number), createdAt: row.created_at, cause: row.cause };
}

function documentKey(document: { kind: string; id: string }): string {
  return `${document.kind}/${document.id}`;
}

export class EmbeddedConfigurationStore implements ConfigurationStore {
  readonly #database: Database.Database;
  readonly #commit: (revision: RevisionCommit) => void;

  constructor(database: Database.Database) {
    this.#database = database;
    this.#commit = database.transaction((revision: RevisionCommit) => this.#write(revision));
  }

  async liveRevision(): Promise<StoredRevision | undefined> {
    const number = this.#liveNumber();
    return number === 0 ? undefined : this.#read(number);
  }

  async revision(number: bigint): Promise<StoredRevision | undefined> {
    return this.#read(Number(number));
  }

  async revisions(page: { before?: bigint; limit: number }): Promise<readonly RevisionSummary[]> {
    const before = page.before === undefined ? Number.MAX_SAFE_INTEGER : Number(page.before);
    const rows = this.#database
      .prepare("SELECT number, created_at, cause FROM revision WHERE number < ? ORDER BY number DESC LIMIT ?")
      .all(before, page.limit) as RevisionRow[];
    return rows.map(summary);
  }

  async firstStored(kind: ConfigurationKind): Promise<ReadonlyMap<string, string>> {
    const rows = this.#database
      .prepare(
        `SELECT id, min(created_at) AS created_at FROM document JOIN revision ON number = since
         WHERE kind = ? GROUP BY id`,
      )
      .all(kind) as { id: string; created_at: string }[];
    return new Map(rows.map((row) => [row.id, row.created_at]));
  }

  async commit(revision: RevisionCommit): Promise<void> {
    this.#commit(revision);
  }

  async credentials(): Promise<readonly StoredCredential[]> {
    const rows = this.#database
      .prepare("SELECT provider_id, key_id, box, updated_at FROM credential ORDER BY provider_id")
      .all() as CredentialRow[];
    return rows.map((row) => ({
      providerId: row.provider_id,
      sealed: { keyId: row.key_id, box: row.box },
      updatedAt: row.updated_at,
    }));
  }

  async reseal(credentials: readonly StoredCredential[]): Promise<void> {
    const update = this.#database.prepare("UPDATE credential SET key_id = ?, box = ? WHERE provider_id = ?");
    this.#database.transaction(() => {
      for (const { providerId, sealed } of credentials) update.run(sealed.keyId, sealed.box, providerId);
    })();
  }

  #liveNumber(): number {
    const row = this.#database.prepare("SELECT coalesce(max(number), 0) AS number FROM revision").get();
    return (row as { number: number }).number;
  }

  #read(number: number): StoredRevision | undefined {
    const row = this.#database.prepare("SELECT number, created_at, cause FROM revision WHERE number = ?").get(number);
    if (row === undefined) return undefined;
    return { ...summary(row as RevisionRow), documents: this.#documents(number) };
  }

  #documents(number: number): StoredDocument[] {
    const rows = this.#database
      .prepare(
        `SELECT kind, id, json FROM document
         WHERE since <= ?1 AND (until IS NULL OR until > ?1)
         ORDER BY kind, id`,
      )
      .all(number) as DocumentRow[];
    return rows.map(({ kind, id, json }) => ({ kind, id, json }));
  }

  #write(revision: RevisionCommit): void {
    const live = this.#liveNumber();
    const number = Number(revision.number);
    if (number !== live + 1) throw new RevisionConflict(`revision ${number} does not follow ${live}`);
    this.#database
      .prepare("INSERT INTO revision (number, created_at, cause) VALUES (?, ?, ?)")
      .run(number, revision.createdAt, revision.cause);
    this.#replaceDocuments(number, revision.documents);
    this.#replaceCredentials(revision.credentials);
  }

  #replaceDocuments(number: number, documents: readonly StoredDocument[]): void {
    const stale = new Map(this.#documents(number).map((document) => [documentKey(document), document]));
    const end = this.#database.prepare("UPDATE document SET until = ? WHERE kind = ? AND id = ? AND until IS NULL");
    const insert = this.#database.prepare("INSERT INTO document (kind, id, json, since) VALUES (?, ?, ?, ?)");
    for (const document of documents) {
      const key = documentKey(document);
      const old = stale.get(key);
      stale.delete(key);
      if (old?.json === document.json) continue;
      if (old !== undefined) end.run(number, old.kind, old.id);
      insert.run(document.kind, document.id, document.json, number);
    }
    for (const old of stale.values()) end.run(number, old.kind, old.id);
  }

  #replaceCredentials(credentials: readonly StoredCredential[]): void {
    const put = this.#database.prepare(
      "INSERT OR REPLACE INTO credential (provider_id, key_id, box, updated_at) VALUES (?, ?, ?, ?)",
    );
    for (const { providerId, sealed, updatedAt } of credentials) {
      put.run(providerId, sealed.keyId, sealed.box, updatedAt);
    }
    this.#database.exec(
      `DELETE FROM credential WHERE provider_id NOT IN
       (SELECT id FROM document WHERE kind = 'provider' AND until IS NULL)`,
    );
  }
}
