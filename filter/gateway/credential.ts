// Whether a request carries a credential that is worth asking about: one key, where its client's API has it, of the right form, or an
// identity that Envoy has proven. Whose it is, the lease says.

import { ErrorCode, Protocol } from "../contract";
import { isApiKey } from "../crypto/api-key";
import { CredentialPlace, RequestHeaders } from "./request-headers";

export const NO_PROBLEM: i32 = -1;

/** The error that the client gets, or NO_PROBLEM. A proven identity then stands where the key would. */
export function credentialProblem(headers: RequestHeaders, protocol: Protocol): i32 {
  const place = headers.keyPlace;
  if (place == CredentialPlace.NONE) return ErrorCode.MISSING_API_KEY;
  const isElsewhere =
    place == CredentialPlace.ELSEWHERE ||
    (place == CredentialPlace.X_API_KEY && protocol != Protocol.ANTHROPIC) ||
    (place == CredentialPlace.GOOGLE && protocol != Protocol.GEMINI);
  if (isElsewhere) return ErrorCode.API_KEY_IN_WRONG_HEADER;
  if (isApiKey(headers.keyPointer, headers.keyLength) || headers.takeProvenIdentity()) return NO_PROBLEM;
  return ErrorCode.INVALID_API_KEY;
}
