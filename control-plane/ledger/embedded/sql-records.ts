// The ledger's records in SQLite. Every method runs inside the transaction of whoever calls it.
import type Database from "libsql";
import type { Budget } from "../../resources/budget.js";
import type { HeldAccount, Records } from "../accounts.js";
import { type Counter, counterOf, forgetAt } from "../counter.js";
import type { Account } from "../decide.js";
import type { Window } from "../window.js";

interface CounterRow {
  epoch: string;
  since: number;
  closed_until: number;
}

const PRUNE_WINDOWS = 1_000;

export class SqlRecords implements Records {
  readonly #statements = new Map<string, Database.Statement>();

  constructor(private readonly database: Database.Database) {}

  counter(name: string): Counter | undefined {
    const row = this.#get<CounterRow>("SELECT epoch, since, closed_until FROM counter WHERE name = ?", name);
    return row && { epoch: row.epoch, since: row.since, closedUntil: row.closed_until };
  }

  putCounter(name: string, { epoch, since, closedUntil }: Counter): void {
    this.#run(
      "INSERT OR REPLACE INTO counter (name, epoch, since, closed_until) VALUES (?, ?, ?, ?)",
      ...[name, epoch, since, closedUntil],
    );
  }

  leaseOf(name: string, holder: string): number | undefined {
    return this.#get<{ until: number }>("SELECT until FROM lease WHERE counter = ? AND holder = ?", name, holder)
      ?.until;
  }

  putLease(name: string, holder: string, until: number): void {
    this.#run("INSERT OR REPLACE INTO lease (counter, holder, until) VALUES (?, ?, ?)", name, holder, until);
  }

  liveHolders(name: string, now: number): number {
    const sql = "SELECT count(*) AS live FROM lease WHERE counter = ? AND until >= ?";
    return this.#get<{ live: number }>(sql, name, now)?.live ?? 0;
  }

  allocated(name: string, start: number): number | undefined {
    const sql = "SELECT allocated FROM window WHERE counter = ? AND start = ?";
    return this.#get<{ allocated: number }>(sql, name, start)?.allocated;
  }

  account(name: string, start: number, holder: string): Account | undefined {
    const row = this.#get<Account>(
      "SELECT allocated, used, sequence FROM account WHERE counter = ? AND start = ? AND holder = ?",
      ...[name, start, holder],
    );
    return row && { allocated: row.allocated, used: row.used, sequence: row.sequence };
  }

  accounts(name: string, start: number): readonly HeldAccount[] {
    const sql = "SELECT holder, allocated, used, sequence FROM account WHERE counter = ? AND start = ? ORDER BY holder";
    const rows = this.#statement(sql).all(name, start) as HeldAccount[];
    return rows.map(({ holder, allocated, used, sequence }) => ({ holder, allocated, used, sequence }));
  }

  putAccount(budget: Budget, window: Window, holder: string, { allocated, used, sequence }: Account): void {
    const name = counterOf(budget);
    const before = this.account(name, window.start, holder)?.allocated ?? 0;
    const forget = forgetAt(budget, window);
    this.#run(
      `INSERT INTO window (counter, start, allocated, forget_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (counter, start) DO UPDATE SET allocated = allocated + excluded.allocated`,
      ...[name, window.start, allocated - before, Number.isFinite(forget) ? forget : null],
    );
    this.#run(
      "INSERT OR REPLACE INTO account (counter, start, holder, allocated, used, sequence) VALUES (?, ?, ?, ?, ?, ?)",
      ...[name, window.start, holder, allocated, used, sequence],
    );
  }

  removeLapsed(name: string, now: number): void {
    const removed = this.#run(
      `DELETE FROM account WHERE counter = ? AND holder NOT IN
       (SELECT holder FROM lease WHERE lease.counter = account.counter AND until >= ?)`,
      ...[name, now],
    );
    if (removed === 0) return;
    this.#run(
      `UPDATE window SET allocated =
       (SELECT coalesce(sum(allocated), 0) FROM account WHERE account.counter = window.counter AND account.start = window.start)
       WHERE counter = ?`,
      name,
    );
  }

  /** Forgets some of what may be forgotten; true if there may be more. Short, so that asks come in between. */
  prune(now: number, leaseMs: number): boolean {
    const windows = this.#run(
      `DELETE FROM window WHERE (counter, start) IN
       (SELECT counter, start FROM window WHERE forget_at < ? ORDER BY forget_at LIMIT ?)`,
      ...[now, PRUNE_WINDOWS],
    );
    // A lease that has just ended still tells a late call from a new one.
    this.#run("DELETE FROM lease WHERE until < ?", now - leaseMs);
    return windows > 0;
  }

  #get<Row>(sql: string, ...parameters: unknown[]): Row | undefined {
    return this.#statement(sql).get(...parameters) as Row | undefined;
  }

  #run(sql: string, ...parameters: unknown[]): number {
    return this.#statement(sql).run(...parameters).changes;
  }

  #statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
