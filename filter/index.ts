// sluice.wasm: one module, two plugin roots that share a VM. Only registration happens here.

import "./sdk/abort";
import { ROOT_GATEWAY, ROOT_GATEWAY_LENGTH, ROOT_TARGET, ROOT_TARGET_LENGTH } from "./contract";
import { GatewayRoot } from "./gateway/root";
import { registerRoot } from "./sdk";
import { TargetRoot } from "./target/root";

registerRoot(String.UTF8.decodeUnsafe(ROOT_GATEWAY, ROOT_GATEWAY_LENGTH), (id: u32) => new GatewayRoot(id));
registerRoot(String.UTF8.decodeUnsafe(ROOT_TARGET, ROOT_TARGET_LENGTH), (id: u32) => new TargetRoot(id));

export * from "./config/check-exports";
export * from "./sdk/exports";
