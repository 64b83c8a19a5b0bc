// What each Envoy has made of each revision, and which workers run which: the record behind the operator API's status.
// It only remembers; it decides nothing about pushes.
import type { EnvoyStatus, RevisionState, WorkerReport } from "../ports.js";

/** Workers ask once a second; five misses mean that the VM is gone. */
const WORKER_SILENCE_MS = 5_000;
const REVISIONS_MAX = 20;
/** Node ids come from peers that hold the token, yet a fleet that renames itself must not grow this for ever. */
const NODES_MAX = 4_096;

interface RevisionRecord {
  revision: bigint;
  state: RevisionState;
  detail?: string;
}

interface WorkerRecord {
  revision: bigint;
  lastSeen: number;
}

interface NodeRecord {
  connections: number;
  revisions: RevisionRecord[];
  workers: Map<string, WorkerRecord>;
  lastSeen: number;
}

export class Book {
  private readonly nodes = new Map<string, NodeRecord>();

  constructor(private readonly now: () => number = Date.now) {}

  private node(nodeId: string): NodeRecord {
    let node = this.nodes.get(nodeId);
    if (node === undefined) {
      this.makeRoom();
      node = { connections: 0, revisions: [], workers: new Map(), lastSeen: 0 };
      this.nodes.set(nodeId, node);
    }
    node.lastSeen = this.now();
    return node;
  }

  private makeRoom(): void {
    if (this.nodes.size < NODES_MAX) return;
    const idle = [...this.nodes].filter(([, node]) => node.connections === 0);
    const oldest = idle.sort(([, a], [, b]) => a.lastSeen - b.lastSeen)[0];
    if (oldest !== undefined) this.nodes.delete(oldest[0]);
  }

  connected(nodeId: string): void {
    this.node(nodeId).connections += 1;
  }

  disconnected(nodeId: string): void {
    const node = this.node(nodeId);
    node.connections = Math.max(0, node.connections - 1);
    // A restarted Envoy has new workers, and must not wait until the old ones are taken for dead; those of an Envoy that
    // only lost its stream report again within a second.
    if (node.connections === 0) node.workers.clear();
  }

  seen(nodeId: string): void {
    this.node(nodeId);
  }

  report({ nodeId, worker, revision }: WorkerReport): void {
    const { workers } = this.node(nodeId);
    workers.set(worker, { revision, lastSeen: this.now() });
    for (const [id, { lastSeen }] of workers) if (this.now() - lastSeen > WORKER_SILENCE_MS) workers.delete(id);
  }

  /** True when there are workers and each of them runs `revision` or a later one. */
  isLive(nodeId: string, revision: bigint): boolean {
    const workers = this.freshWorkers(this.nodes.get(nodeId));
    return workers.length > 0 && workers.every(([, worker]) => worker.revision >= revision);
  }

  private freshWorkers(node: NodeRecord | undefined): [string, WorkerRecord][] {
    if (node === undefined) return [];
    return [...node.workers].filter(([, { lastSeen }]) => this.now() - lastSeen <= WORKER_SILENCE_MS);
  }

  record(nodeId: string, revision: bigint, state: RevisionState, detail?: string): void {
    const { revisions } = this.node(nodeId);
    let entry = revisions.find((candidate) => candidate.revision === revision);
    if (entry === undefined) {
      entry = { revision, state };
      revisions.unshift(entry);
      revisions.splice(REVISIONS_MAX);
    }
    entry.state = state;
    if (detail === undefined) delete entry.detail;
    else entry.detail = detail;
  }

  status(): EnvoyStatus[] {
    return [...this.nodes].map(([nodeId, node]) => ({
      nodeId,
      connected: node.connections > 0,
      revisions: node.revisions.map((entry) => ({ ...entry })),
      workers: this.freshWorkers(node).map(([id, worker]) => ({ id, ...worker })),
      lastSeen: node.lastSeen,
    }));
  }

  /** True while a connected Envoy has workers that all run a configuration of ours. */
  ready(): boolean {
    return [...this.nodes].some(([nodeId, { connections }]) => connections > 0 && this.isLive(nodeId, 1n));
  }
}
