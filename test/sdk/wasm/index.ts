// The probes: filters that use every part of the SDK and log what they see. Compiled for tests only.

import { registerRoot } from "proxy-wasm-assemblyscript-sdk";
import { BodyRoot } from "./body-root";
import { CalloutRoot } from "./callout-root";
import { HeaderRoot } from "./header-root";
import { PooledRoot, UnpooledRoot } from "./memory-root";
import { ReentryRoot } from "./reentry-root";
import { ReplyRoot } from "./reply-root";
import { StateRoot } from "./state-root";

export * from "proxy-wasm-assemblyscript-sdk/exports";

registerRoot("headers", (id) => new HeaderRoot(id));
registerRoot("body", (id) => new BodyRoot(id));
registerRoot("reentry", (id) => new ReentryRoot(id));
registerRoot("reply", (id) => new ReplyRoot(id));
registerRoot("callout", (id) => new CalloutRoot(id));
registerRoot("state", (id) => new StateRoot(id));
registerRoot("pooled", (id) => new PooledRoot(id));
registerRoot("unpooled", (id) => new UnpooledRoot(id));
