// Answers by itself and looks at its memory afterwards: a host that sends the reply at once calls the response callbacks while
// the request callback still runs, and those must not take back what the request callback was given.

import {
  Action,
  getHeader,
  HeaderList,
  HeaderMap,
  hostLength,
  hostPointer,
  RootContext,
  StreamContext,
  sendLocalReply,
  utf8,
} from "proxy-wasm-assemblyscript-sdk";
import { say } from "./say";

const PATH = utf8(":path");
const METHOD = utf8(":method");
const STATUS = utf8(":status");
const headers = new HeaderList();

class ReentryStream extends StreamContext {
  onRequestHeaders(count: i32, endOfStream: bool): Action {
    getHeader(HeaderMap.REQUEST, PATH);
    const path = hostPointer();
    const length = hostLength();
    sendLocalReply(418, headers.reset(), 0, 0);
    getHeader(HeaderMap.REQUEST, METHOD); // would land on the path if the reply's callbacks had emptied the arena
    say(`still ${String.UTF8.decodeUnsafe(path, length)}`);
    return Action.PAUSE;
  }

  onResponseHeaders(count: i32, endOfStream: bool): Action {
    getHeader(HeaderMap.RESPONSE, STATUS);
    say(`response ${String.UTF8.decodeUnsafe(hostPointer(), hostLength())}`);
    return Action.CONTINUE;
  }
}

export class ReentryRoot extends RootContext {
  createStream(id: u32): StreamContext {
    return new ReentryStream();
  }
}
