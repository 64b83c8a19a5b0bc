// Signature Version 4 on requests to a provider, by Envoy's own filter behind all that writes to the request. The filter
// comes by ECDS under a name of its own: a new key is a new configuration of it, and the cluster with its connections stays.
import { type Aws, parseAwsCredential } from "../resources/aws.js";
import type { EnvoyJson } from "../xds/registry.js";
import { discoveredFilter, type EnvoyValue, typed } from "./envoy-json.js";

const SIGNING_TYPE = "envoy.extensions.filters.http.aws_request_signing.v3.AwsRequestSigning";
const NOTHING_TYPE = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation";

/** Named after the cluster: an old cluster keeps the region that it is in while it is on its way out. */
export function signingNameOf(cluster: string): string {
  return `signing/${cluster}`;
}

export function signingFilter(cluster: string): EnvoyValue {
  return discoveredFilter(signingNameOf(cluster), [SIGNING_TYPE, NOTHING_TYPE]);
}

/** Without a credential nothing is signed: Envoy would else look for one on the machine that it runs on. */
function signing({ region, service }: Aws, credential: string | undefined): EnvoyJson {
  const parts = credential === undefined ? undefined : parseAwsCredential(credential);
  if (parts === undefined) return typed(NOTHING_TYPE);
  const { accessKeyId, secretAccessKey, sessionToken } = parts;
  return typed(SIGNING_TYPE, {
    service_name: service,
    region,
    // Beside what every signature covers (host, x-amz-*): whatever else is added or changed on the way does no harm.
    match_included_headers: [{ exact: "content-type" }],
    credential_provider: {
      inline_credential: {
        access_key_id: accessKeyId,
        secret_access_key: secretAccessKey,
        ...(sessionToken === undefined ? {} : { session_token: sessionToken }),
      },
    },
  });
}

/** Holds the credential in the clear: for ECDS and for nothing else. */
export function signingExtension(cluster: string, aws: Aws, credential: string | undefined): EnvoyJson {
  return typed("envoy.config.core.v3.TypedExtensionConfig", {
    name: signingNameOf(cluster),
    typed_config: signing(aws, credential),
  });
}
