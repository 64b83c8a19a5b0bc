// The map that all workers of a VM id share. Give one instance to several hosts to play several workers.

export class SharedData {
  private readonly entries = new Map<string, { value: Uint8Array; cas: number }>();
  private lastCas = 0;
  /** Called before an entry is read: what another worker does meanwhile. */
  beforeGet: ((key: string) => void) | undefined;

  get(key: string): { value: Uint8Array; cas: number } | undefined {
    this.beforeGet?.(key);
    return this.entries.get(key);
  }

  get keys(): string[] {
    return [...this.entries.keys()];
  }

  /** False when `cas` is not 0 and the entry has another number by now. A new entry is made whatever `cas` says. */
  set(key: string, value: Uint8Array, cas = 0): boolean {
    const found = this.entries.get(key);
    if (found !== undefined && cas !== 0 && found.cas !== cas) return false;
    this.entries.set(key, { value: value.slice(), cas: ++this.lastCas });
    return true;
  }
}
