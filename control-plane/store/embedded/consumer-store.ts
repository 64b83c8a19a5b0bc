// Consumers, digests of API keys and the sequence of key changes in SQLite.
import type Database from "libsql";
import type { ConsumerStore, KeyChanges, StoredApiKey, StoredConsumer } from "../store.js";

/** Workers ask every second: one that is further behind than this drops all its leases instead. */
const CHANGES_KEPT = 10_000;

const KEY_COLUMNS = "digest, consumer_id, api_key.id AS id, name, prefix, created_at, expires_at";

interface KeyRow {
  digest: string;
  consumer_id: string;
  id: string;
  name: string | null;
  prefix: string;
  created_at: string;
  expires_at: string | null;
}

function apiKey(row: KeyRow): StoredApiKey {
  return {
    digest: row.digest,
    consumerId: row.consumer_id,
    id: row.id,
    name: row.name ?? undefined,
    prefix: row.prefix,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
  };
}

export class EmbeddedConsumerStore implements ConsumerStore {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  async consumers(page: { after?: string; limit: number }): Promise<readonly StoredConsumer[]> {
    const rows = this.#database
      .prepare("SELECT id, json FROM consumer WHERE id > ? ORDER BY id LIMIT ?")
      .all(page.after ?? "", page.limit) as StoredConsumer[];
    return rows.map(({ id, json }) => ({ id, json }));
  }

  async consumer(id: string): Promise<StoredConsumer | undefined> {
    const row = this.#database.prepare("SELECT id, json FROM consumer WHERE id = ?").get(id) as
      | StoredConsumer
      | undefined;
    return row && { id: row.id, json: row.json };
  }

  async putConsumer(consumer: StoredConsumer): Promise<void> {
    this.#database.transaction(() => {
      this.#database
        .prepare("INSERT INTO consumer (id, json) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json")
        .run(consumer.id, consumer.json);
      this.#recordChanges(this.#digests(consumer.id));
    })();
  }

  async deleteConsumer(id: string): Promise<boolean> {
    return this.#database.transaction(() => {
      const digests = this.#digests(id);
      const { changes } = this.#database.prepare("DELETE FROM consumer WHERE id = ?").run(id);
      this.#recordChanges(digests);
      return changes > 0;
    })();
  }

  async apiKeys(consumerId: string): Promise<readonly StoredApiKey[]> {
    const rows = this.#database
      .prepare(`SELECT ${KEY_COLUMNS} FROM api_key WHERE consumer_id = ? ORDER BY created_at, id`)
      .all(consumerId) as KeyRow[];
    return rows.map(apiKey);
  }

  async addApiKey(key: StoredApiKey): Promise<boolean> {
    return this.#database.transaction(() => {
      const { changes } = this.#database
        .prepare(
          `INSERT INTO api_key (digest, consumer_id, id, name, prefix, created_at, expires_at)
           VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        )
        .run(key.digest, key.consumerId, key.id, key.name ?? null, key.prefix, key.createdAt, key.expiresAt ?? null);
      // A worker may hold the refusal of this key from before it was registered.
      if (changes > 0) this.#recordChanges([key.digest]);
      return changes > 0;
    })();
  }

  async deleteApiKey(consumerId: string, keyId: string): Promise<boolean> {
    return this.#database.transaction(() => {
      const row = this.#database
        .prepare("SELECT digest FROM api_key WHERE consumer_id = ? AND id = ?")
        .get(consumerId, keyId) as { digest: string } | undefined;
      if (row === undefined) return false;
      this.#database.prepare("DELETE FROM api_key WHERE digest = ?").run(row.digest);
      this.#recordChanges([row.digest]);
      return true;
    })();
  }

  async findApiKey(digest: string): Promise<{ key: StoredApiKey; consumer: StoredConsumer } | undefined> {
    const row = this.#database
      .prepare(
        `SELECT ${KEY_COLUMNS}, consumer.json AS consumer_json
         FROM api_key JOIN consumer ON consumer.id = api_key.consumer_id WHERE digest = ?`,
      )
      .get(digest) as (KeyRow & { consumer_json: string }) | undefined;
    return row && { key: apiKey(row), consumer: { id: row.consumer_id, json: row.consumer_json } };
  }

  async keyChangesSince(since: bigint, limit: number): Promise<KeyChanges> {
    const { floor, last } = this.#range();
    const from = Number(since);
    if (from < floor || from > last) return { all: true, digests: [], sequence: BigInt(last) };
    const rows = this.#database
      .prepare("SELECT DISTINCT digest FROM key_change WHERE sequence > ? LIMIT ?")
      .all(from, limit + 1) as { digest: string }[];
    const all = rows.length > limit;
    return { all, digests: all ? [] : rows.map((row) => row.digest), sequence: BigInt(last) };
  }

  #digests(consumerId: string): string[] {
    const rows = this.#database.prepare("SELECT digest FROM api_key WHERE consumer_id = ?").all(consumerId);
    return (rows as { digest: string }[]).map((row) => row.digest);
  }

  #range(): { floor: number; last: number } {
    return this.#database.prepare("SELECT floor, last FROM key_change_range").get() as { floor: number; last: number };
  }

  #recordChanges(digests: readonly string[]): void {
    if (digests.length === 0) return;
    let { floor, last } = this.#range();
    const insert = this.#database.prepare("INSERT INTO key_change (sequence, digest) VALUES (?, ?)");
    for (const digest of digests) insert.run(++last, digest);
    floor = Math.max(floor, last - CHANGES_KEPT);
    this.#database.prepare("DELETE FROM key_change WHERE sequence <= ?").run(floor);
    this.#database.prepare("UPDATE key_change_range SET floor = ?, last = ?").run(floor, last);
  }
}
