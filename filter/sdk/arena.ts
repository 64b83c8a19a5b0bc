// Where the host's answers land. Every allocation that the host asks for lives until the outermost callback returns,
// then all of them go at once: nobody frees, nothing leaks, and steady traffic allocates nothing.
// Refuses (null, which the host reports as an error code) what would push the VM over its memory budget.
//
//   chunk   [ answer | answer | answer |        free         ]   kept for ever
//   large   ( answer )->( answer )->0                            one heap block each, freed at the end of the callback

const CHUNK_BYTES: usize = 64 * 1024; // a page; headers, plans and small bodies of one callback fit
const PAGE_BYTES: usize = 64 * 1024;
/** The host caps a VM at 1 GiB and growing past it traps: refuse at 60 % of that. */
const MEMORY_BUDGET_BYTES: usize = 614 * 1024 * 1024;

const chunk: usize = heap.alloc(CHUNK_BYTES);
let offset: usize = 0;
let large: usize = 0; // list of heap blocks; the first word of a block points to the next

/** Bytes that the VM's linear memory has now; it never shrinks. */
export function memoryBytes(): usize {
  return <usize>memory.size() * PAGE_BYTES;
}

/** Whether a block of `size` bytes may be taken without passing the VM's memory budget, wherever it would be put. */
export function memoryAllows(size: usize): bool {
  return size < MEMORY_BUDGET_BYTES && memoryBytes() + size < MEMORY_BUDGET_BYTES;
}

/** `size` bytes that live until the outermost callback returns, or 0 when the memory budget does not allow them. */
export function arenaAllocate(size: usize): usize {
  const aligned = (size + 7) & ~7;
  if (aligned <= CHUNK_BYTES - offset) {
    const pointer = chunk + offset;
    offset += aligned;
    return pointer;
  }
  if (!memoryAllows(aligned)) return 0;
  const block = heap.alloc(aligned + 8);
  store<usize>(block, large);
  large = block;
  return block + 8;
}

/** Ends the life of everything allocated since the last call. */
export function arenaReset(): void {
  offset = 0;
  while (large != 0) {
    const next = load<usize>(large);
    heap.free(large);
    large = next;
  }
}
