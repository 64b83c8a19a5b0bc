// Digests of API keys in SQLite, each under its consumer.
import type Database from "libsql";
import type { ApiKeyStore, KeyChanges, StoredApiKey, StoredPrincipal } from "../store.js";
import type { KeyChangeSequence } from "./key-changes.js";
import { chainOf } from "./principal-store.js";

interface KeyRow {
  digest: string;
  consumer_id: string;
  id: string;
  name: string | null;
  prefix: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  replaced_by: string | null;
  access_json: string;
}

function apiKeyOf(row: KeyRow): StoredApiKey {
  return {
    digest: row.digest,
    consumerId: row.consumer_id,
    id: row.id,
    name: row.name ?? undefined,
    prefix: row.prefix,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    replacedBy: row.replaced_by ?? undefined,
    accessJson: row.access_json,
  };
}

export class EmbeddedApiKeyStore implements ApiKeyStore {
  readonly #database: Database.Database;
  readonly #changes: KeyChangeSequence;

  constructor(database: Database.Database, changes: KeyChangeSequence) {
    this.#database = database;
    this.#changes = changes;
  }

  async apiKeys(consumerId: string): Promise<readonly StoredApiKey[]> {
    const rows = this.#database
      .prepare("SELECT * FROM api_key WHERE consumer_id = ? ORDER BY created_at, id")
      .all(consumerId) as KeyRow[];
    return rows.map(apiKeyOf);
  }

  async addApiKey(key: StoredApiKey): Promise<boolean> {
    return this.#database.transaction(() => this.#insert(key))();
  }

  async replaceApiKey(digest: string, expiresAt: string, successor: StoredApiKey): Promise<boolean> {
    return this.#database.transaction(() => {
      if (this.#find(digest) === undefined || !this.#insert(successor)) return false;
      this.#database
        .prepare("UPDATE api_key SET expires_at = ?, replaced_by = ? WHERE digest = ?")
        .run(expiresAt, successor.id, digest);
      this.#changes.record([digest]);
      return true;
    })();
  }

  async deleteApiKey(consumerId: string, keyId: string): Promise<boolean> {
    return this.#database.transaction(() => {
      const row = this.#database
        .prepare("SELECT digest FROM api_key WHERE consumer_id = ? AND id = ?")
        .get(consumerId, keyId) as { digest: string } | undefined;
      if (row === undefined) return false;
      this.#database.prepare("DELETE FROM api_key WHERE digest = ?").run(row.digest);
      this.#changes.record([row.digest]);
      return true;
    })();
  }

  async findApiKey(digest: string): Promise<{ key: StoredApiKey; principals: readonly StoredPrincipal[] } | undefined> {
    return this.#database.transaction(() => {
      const key = this.#find(digest);
      return key && { key, principals: chainOf(this.#database, key.consumerId) };
    })();
  }

  async markUsed(uses: ReadonlyMap<string, string>): Promise<void> {
    this.#database.transaction(() => {
      const update = this.#database.prepare(
        "UPDATE api_key SET last_used_at = ? WHERE digest = ? AND (last_used_at IS NULL OR last_used_at < ?)",
      );
      for (const [digest, at] of uses) update.run(at, digest, at);
    })();
  }

  async keyChangesSince(since: bigint, limit: number): Promise<KeyChanges> {
    return this.#changes.since(since, limit);
  }

  #find(digest: string): StoredApiKey | undefined {
    const row = this.#database.prepare("SELECT * FROM api_key WHERE digest = ?").get(digest);
    return row === undefined ? undefined : apiKeyOf(row as KeyRow);
  }

  #insert(key: StoredApiKey): boolean {
    const { changes } = this.#database
      .prepare(
        `INSERT INTO api_key
         (digest, consumer_id, id, name, prefix, created_at, expires_at, last_used_at, replaced_by, access_json)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      )
      .run(
        key.digest,
        key.consumerId,
        key.id,
        key.name ?? null,
        key.prefix,
        key.createdAt,
        key.expiresAt ?? null,
        key.lastUsedAt ?? null,
        key.replacedBy ?? null,
        key.accessJson,
      );
    // A worker may hold the refusal of this key from before it was registered.
    if (changes > 0) this.#changes.record([key.digest]);
    return changes > 0;
  }
}
