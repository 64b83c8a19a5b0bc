// The six resource types that Sluice serves, and one versioned resource of any of them. A version is a digest of the
// content, so that a restarted control plane finds an Envoy up to date instead of pushing everything again.
import { createHmac } from "node:crypto";
import type { Any } from "@bufbuild/protobuf/wkt";
import { type EnvoyJson, toAny } from "./registry.js";

const PREFIX = "type.googleapis.com/";

export const TypeUrl = {
  LISTENER: `${PREFIX}envoy.config.listener.v3.Listener`,
  ROUTES: `${PREFIX}envoy.config.route.v3.RouteConfiguration`,
  CLUSTER: `${PREFIX}envoy.config.cluster.v3.Cluster`,
  ENDPOINTS: `${PREFIX}envoy.config.endpoint.v3.ClusterLoadAssignment`,
  EXTENSION: `${PREFIX}envoy.config.core.v3.TypedExtensionConfig`,
  SECRET: `${PREFIX}envoy.extensions.transport_sockets.tls.v3.Secret`,
} as const;

export type TypeUrl = (typeof TypeUrl)[keyof typeof TypeUrl];

/** Types that Envoy may ask for without naming a resource. */
export const WILDCARD_TYPES: ReadonlySet<string> = new Set([TypeUrl.LISTENER, TypeUrl.CLUSTER]);

export interface Resource {
  readonly name: string;
  readonly version: string;
  readonly body: Any;
  /** Envoy may have no use for it, and then never asks: nobody waits for its acceptance. */
  readonly optional?: boolean;
}

/** What one Envoy is to have of one type. `null` = it may keep what it has; we neither send nor remove it. */
export type View = ReadonlyMap<string, Resource | null>;

const VERSION_CHARACTERS = 24;

/**
 * Versions show up in Envoy's /config_dump beside redacted secrets, so the digest is keyed: whoever reads a dump
 * cannot try out secrets against it.
 */
export function toResource(json: EnvoyJson, versionKey: string): Resource {
  const name = json.name ?? json.cluster_name;
  if (typeof name !== "string") throw new Error(`a resource of type ${json["@type"]} has no name`);
  const body = toAny(json);
  const version = createHmac("sha256", versionKey).update(body.value).digest("hex").slice(0, VERSION_CHARACTERS);
  return { name, version, body };
}

export function toResources(list: readonly EnvoyJson[], versionKey: string): Map<string, Resource> {
  return new Map(list.map((json) => toResource(json, versionKey)).map((resource) => [resource.name, resource]));
}
