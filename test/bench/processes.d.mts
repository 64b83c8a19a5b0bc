// Types of what the tests use of processes.mjs.
export function temporaryFolder(): string;
/** Ends what was started and is still running, and removes the temporary folders. */
export function cleanUp(): Promise<void>;
