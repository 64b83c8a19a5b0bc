// Cuts Envoy's whole FileDescriptorSet down to the messages that Sluice can name, so that start-up stays quick.
// Usage: node prune.mjs <full-set.binpb.gz>; writes envoy.binpb.gz beside itself. It never edits a kept message:
// every field of it stays, so JSON that Envoy documents either encodes wholly or is refused.
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { clone, create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MessageOptionsSchema,
} from "@bufbuild/protobuf/wkt";

const ROOTS = [
  "envoy.service.discovery.v3.DeltaDiscoveryRequest",
  "envoy.service.discovery.v3.DeltaDiscoveryResponse",
  "envoy.config.listener.v3.Listener",
  "envoy.config.route.v3.FilterConfig",
  "envoy.config.route.v3.RouteConfiguration",
  "envoy.config.cluster.v3.Cluster",
  "envoy.config.endpoint.v3.ClusterLoadAssignment",
  "envoy.config.core.v3.TypedExtensionConfig",
  "envoy.extensions.access_loggers.file.v3.FileAccessLog",
  "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
  "envoy.extensions.clusters.dns.v3.DnsCluster",
  "envoy.extensions.filters.http.aws_request_signing.v3.AwsRequestSigning",
  "envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
  "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
  "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
  "envoy.extensions.filters.http.rbac.v3.RBAC",
  "envoy.extensions.filters.http.router.v3.Router",
  "envoy.extensions.filters.http.set_filter_state.v3.Config",
  "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec",
  "envoy.extensions.filters.http.wasm.v3.Wasm",
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
  "envoy.extensions.formatter.generic_secret.v3.GenericSecret",
  "envoy.extensions.http.injected_credentials.generic.v3.Generic",
  "envoy.extensions.matching.common_inputs.network.v3.FilterStateInput",
  "envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher",
  "envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction",
  "envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier",
  "envoy.extensions.transport_sockets.tls.v3.Secret",
  "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
  // Well-known types that are only ever named inside an Any.
  "google.protobuf.BytesValue",
  "google.protobuf.StringValue",
];

const source = process.argv[2];
if (source === undefined) throw new Error("usage: node prune.mjs <full-set.binpb.gz>");
const full = fromBinary(FileDescriptorSetSchema, gunzipSync(readFileSync(source)));
const registry = createFileRegistry(full);

/** Type names to keep: everything that a field of a root can hold, and the shells around nested types. */
const kept = new Set();
function keep(type) {
  if (kept.has(type.typeName)) return;
  kept.add(type.typeName);
  if (type.parent !== undefined) keep(type.parent);
  if (type.kind !== "message") return;
  for (const field of type.fields) {
    if (field.message !== undefined) keep(field.message);
    if (field.enum !== undefined) keep(field.enum);
  }
}
for (const name of ROOTS) {
  const message = registry.getMessage(name);
  if (message === undefined) throw new Error(`${name} is not in ${source}`);
  keep(message);
}

/** Options are validation and documentation for others; only map_entry changes what the bytes mean. */
function pruneMessage(message, prefix) {
  const name = `${prefix}.${message.name}`;
  const isMapEntry = message.options?.mapEntry === true;
  if (!isMapEntry && !kept.has(name)) return undefined;
  const result = clone(DescriptorProtoSchema, message);
  result.options = isMapEntry ? create(MessageOptionsSchema, { mapEntry: true }) : undefined;
  for (const field of result.field) field.options = undefined;
  for (const oneof of result.oneofDecl) oneof.options = undefined;
  result.enumType = message.enumType.filter((type) => kept.has(`${name}.${type.name}`)).map(pruneEnum);
  result.nestedType = message.nestedType.map((type) => pruneMessage(type, name)).filter((type) => type !== undefined);
  return result;
}

function pruneEnum(type) {
  type.options = undefined;
  for (const value of type.value) value.options = undefined;
  return type;
}

const byName = new Map(full.file.map((file) => [file.name, file]));
const pruned = new Map();
for (const file of full.file) {
  const prefix = file.package;
  const messageType = file.messageType.map((type) => pruneMessage(type, prefix)).filter((type) => type !== undefined);
  const enumType = file.enumType.filter((type) => kept.has(`${prefix}.${type.name}`)).map(pruneEnum);
  if (messageType.length + enumType.length === 0) continue;
  const { name, syntax, edition } = file;
  pruned.set(
    name,
    create(FileDescriptorProtoSchema, { name, package: prefix, syntax, edition, messageType, enumType }),
  );
}
for (const [name, file] of pruned) {
  file.dependency = byName.get(name).dependency.filter((dependency) => pruned.has(dependency));
}

const result = create(FileDescriptorSetSchema, { file: [...pruned.values()] });
createFileRegistry(result);
const bytes = gzipSync(toBinary(FileDescriptorSetSchema, result), { level: 9 });
writeFileSync(new URL("envoy.binpb.gz", import.meta.url), bytes);
console.log(`${pruned.size} of ${full.file.length} files, ${kept.size} types, ${bytes.length} bytes`);
