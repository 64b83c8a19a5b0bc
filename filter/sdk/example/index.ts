// Adds a header to every request, and answers requests without one by itself.

import {
  Action,
  getHeader,
  HeaderList,
  HeaderMap,
  RootContext,
  registerRoot,
  StreamContext,
  sendLocalReply,
  setHeaderLiteral,
  utf8,
} from "proxy-wasm-assemblyscript-sdk";

export * from "proxy-wasm-assemblyscript-sdk/exports";

const TEAM = utf8("x-team");
const SEEN = utf8("x-seen");
const YES = utf8("yes");
const NO_TEAM = utf8("say who you are: send the header x-team\n");
const replyHeaders = new HeaderList();

class HelloStream extends StreamContext {
  onRequestHeaders(count: i32, endOfStream: bool): Action {
    if (getHeader(HeaderMap.REQUEST, TEAM)) {
      setHeaderLiteral(HeaderMap.REQUEST, SEEN, YES);
      return Action.CONTINUE;
    }
    sendLocalReply(403, replyHeaders.reset(), NO_TEAM.pointer, NO_TEAM.length);
    return Action.PAUSE;
  }
}

class HelloRoot extends RootContext {
  createStream(id: u32): StreamContext {
    return new HelloStream();
  }
}

registerRoot("hello", (id) => new HelloRoot(id));
