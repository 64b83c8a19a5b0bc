// Answers by itself: from the headers, from the body, or from the reply, as the path says.

import {
  Action,
  closeStream,
  getHeader,
  HeaderList,
  HeaderMap,
  RootContext,
  StreamContext,
  StreamKind,
  sendLocalReply,
  utf8,
} from "proxy-wasm-assemblyscript-sdk";
import { answer, say } from "./say";

const PATH = utf8(":path");
const STATUS = utf8(":status");
const CONTENT_TYPE = utf8("content-type");
const JSON_TYPE = utf8("application/json");
const BODY = utf8('{"error":"no"}');
const headers = new HeaderList();

function reply(typed: bool, body: bool): void {
  headers.reset();
  if (typed) headers.addLiteral(CONTENT_TYPE, JSON_TYPE);
  say(`sent ${sendLocalReply(418, headers, BODY.pointer, body ? BODY.length : 0)}`);
}

class ReplyStream extends StreamContext {
  private path: string = "";

  onRequestHeaders(count: i32, endOfStream: bool): Action {
    getHeader(HeaderMap.REQUEST, PATH);
    this.path = answer();
    if (this.path == "/headers") reply(true, true);
    else if (this.path == "/untyped") reply(false, true);
    else if (this.path == "/bodyless") reply(false, false);
    else if (this.path == "/close") say(`closed ${closeStream(StreamKind.REQUEST)}`);
    else return Action.CONTINUE;
    say("after the call");
    return Action.PAUSE;
  }

  onRequestBody(size: i32, endOfStream: bool): Action {
    if (this.path != "/body") return Action.CONTINUE;
    if (endOfStream) reply(true, true);
    return Action.PAUSE;
  }

  onResponseHeaders(count: i32, endOfStream: bool): Action {
    getHeader(HeaderMap.RESPONSE, STATUS);
    say(`response ${answer()} end=${endOfStream}`);
    if (this.path != "/response") return Action.CONTINUE;
    reply(true, true);
    return Action.PAUSE;
  }

  onResponseBody(size: i32, endOfStream: bool): Action {
    if (size > 0) say(`response body ${size}`);
    return Action.CONTINUE;
  }
}

export class ReplyRoot extends RootContext {
  createStream(id: u32): StreamContext {
    return new ReplyStream();
  }
}
