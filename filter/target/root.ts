// The target plugin in one worker. It has no configuration: the plan of each request carries all it needs.

import { RootContext, StreamContext } from "../sdk";
import { takeTargetStream } from "./http-context";

export class TargetRoot extends RootContext {
  createStream(id: u32): StreamContext {
    return takeTargetStream();
  }
}
