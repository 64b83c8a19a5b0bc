// Envoy's message types from one descriptor set, without generated code: Envoy's documented JSON (snake_case, "@type")
// goes in, protobuf comes out. A field that this Envoy release does not know is refused, never dropped.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonObject,
  type JsonValue,
  toJson,
} from "@bufbuild/protobuf";
import { type Any, AnySchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

let loaded: FileRegistry | undefined;

/** Loaded on first use: about 60 ms that a process which never speaks xDS does not pay. */
export function envoyRegistry(): FileRegistry {
  if (loaded === undefined) {
    // Package imports resolve alike from the sources and from dist/.
    const path = createRequire(import.meta.url).resolve("#envoy-descriptors");
    loaded = createFileRegistry(fromBinary(FileDescriptorSetSchema, gunzipSync(readFileSync(path))));
  }
  return loaded;
}

export function envoyMessage(typeName: string): DescMessage {
  const message = envoyRegistry().getMessage(typeName);
  if (message === undefined)
    throw new Error(`${typeName} is not in the descriptor set: add it to prune.mjs and rebuild`);
  return message;
}

/** One of Envoy's configuration objects in its documented JSON form, with its "@type". */
export interface EnvoyJson extends JsonObject {
  "@type": string;
}

/** Throws on an unknown field, a wrong type or an unknown "@type", at any depth. */
export function toAny(json: EnvoyJson): Any {
  return fromJson(AnySchema, json, { registry: envoyRegistry() });
}

/** The other way, for tests and diagnostics: camelCase JSON as protobuf defines it. */
export function fromAny(any: Any): JsonValue {
  return toJson(AnySchema, any, { registry: envoyRegistry() });
}
