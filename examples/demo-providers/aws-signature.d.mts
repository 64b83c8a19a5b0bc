// Types of aws-signature.mjs, for its test.
export interface SignedRequest {
  method: string;
  path: string;
  query: string;
  headers: Record<string, string | undefined>;
  body: Buffer;
}
export interface AwsKey {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  region: string;
  /** Absent = bedrock. */
  service?: string;
}
export function canonicalRequest(request: SignedRequest, names: readonly string[]): string;
export function signatureOf(canonical: string, time: string, scope: readonly string[], secretAccessKey: string): string;
export function checkSignature(request: SignedRequest, known: AwsKey, now?: number): void;
