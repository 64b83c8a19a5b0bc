// The two plugins of sluice.wasm for ECDS. The code goes inline: it needs no file that Envoy can reach, and Envoy keeps a
// worker's VM as long as the bytes are the same.
import { ECDS_GATEWAY, ECDS_TARGET, ROOT_GATEWAY, ROOT_TARGET, VM_ID } from "../contract.js";
import type { EnvoyJson } from "../xds/registry.js";
import { type EnvoyValue, typed, wasmFilter } from "./envoy-json.js";

function plugin(name: string, rootId: string, wasm: Buffer, configuration: EnvoyValue | undefined): EnvoyJson {
  return typed("envoy.config.core.v3.TypedExtensionConfig", {
    name,
    typed_config: wasmFilter({
      name,
      root_id: rootId,
      // Without it a held header means a held stream, and the body never comes.
      allow_on_headers_stop_iteration: true,
      failure_policy: "FAIL_RELOAD",
      vm_config: {
        vm_id: VM_ID,
        runtime: "envoy.wasm.runtime.v8",
        code: { local: { inline_bytes: wasm.toString("base64") } },
      },
      ...(configuration === undefined ? {} : { configuration }),
    }),
  });
}

export function gatewayPlugin(wasm: Buffer, filterConfig: Buffer): EnvoyJson {
  const value = typed("google.protobuf.BytesValue", { value: filterConfig.toString("base64") });
  return plugin(ECDS_GATEWAY, ROOT_GATEWAY, wasm, value);
}

export function targetPlugin(wasm: Buffer): EnvoyJson {
  return plugin(ECDS_TARGET, ROOT_TARGET, wasm, undefined);
}
