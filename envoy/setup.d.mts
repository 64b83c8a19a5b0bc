// Types of setup.mjs.
export class EnvoyNotFound extends Error {}
export function cacheFolder(env?: NodeJS.ProcessEnv): string;
export function envoyVersion(path: string): Promise<string>;
export function findEnvoy(options?: { env?: NodeJS.ProcessEnv; progress?: (text: string) => void }): Promise<string>;
