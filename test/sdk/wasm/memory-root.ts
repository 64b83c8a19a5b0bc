// Roots that use memory: contexts from a pool, contexts that are left to the collector, and answers of any size.

import {
  Action,
  BufferKind,
  getBuffer,
  HeaderCursor,
  HeaderMap,
  memoryBytes,
  RootContext,
  StreamContext,
} from "proxy-wasm-assemblyscript-sdk";
import { say } from "./say";

const cursor = new HeaderCursor();

/** Reads what a filter reads: the header map, then the body. */
class ReadingStream extends StreamContext {
  onRequestHeaders(count: i32, endOfStream: bool): Action {
    cursor.read(HeaderMap.REQUEST);
    return endOfStream ? Action.CONTINUE : Action.PAUSE;
  }

  onRequestBody(size: i32, endOfStream: bool): Action {
    if (!endOfStream) return Action.PAUSE;
    if (!getBuffer(BufferKind.REQUEST_BODY, 0, size)) say("over the budget");
    return Action.CONTINUE;
  }
}

class PooledStream extends ReadingStream {
  constructor(private readonly root: PooledRoot) {
    super();
  }

  onDelete(): void {
    this.root.idle.push(this);
  }
}

export class PooledRoot extends RootContext {
  readonly idle: PooledStream[] = [];

  createStream(id: u32): StreamContext {
    return this.idle.length > 0 ? this.idle.pop() : new PooledStream(this);
  }
}

export class UnpooledRoot extends RootContext {
  createStream(id: u32): StreamContext {
    return new ReadingStream();
  }

  onTick(): void {
    say(`memory ${memoryBytes()}`);
  }
}
