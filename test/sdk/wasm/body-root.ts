// Holds the request until its end, then edits its body in the way that the path names; edits replies as they pass.

import {
  Action,
  appendToBuffer,
  BufferKind,
  getBuffer,
  getHeader,
  HeaderMap,
  hostLength,
  RootContext,
  removeHeader,
  replaceBuffer,
  replacePrefix,
  StreamContext,
  utf8,
} from "proxy-wasm-assemblyscript-sdk";
import { proxy_set_buffer_bytes } from "proxy-wasm-assemblyscript-sdk/env";
import { answer, answerOr, say } from "./say";

const CONTENT_LENGTH = utf8("content-length");
const PATH = utf8(":path");
const START = utf8("<start>");
const END = utf8("<end>");

function edit(how: string, size: i32): void {
  if (how == "/splice") {
    replacePrefix(BufferKind.REQUEST_BODY, 3, START.pointer, START.length);
    appendToBuffer(BufferKind.REQUEST_BODY, size + START.length - 3, END.pointer, END.length);
  } else if (how == "/insert") {
    replacePrefix(BufferKind.REQUEST_BODY, 0, START.pointer, START.length);
  } else if (how == "/replace") {
    replaceBuffer(BufferKind.REQUEST_BODY, size, END.pointer, END.length);
  } else if (how == "/empty") {
    replaceBuffer(BufferKind.REQUEST_BODY, size, 0, 0);
  } else if (how == "/middle") {
    say(`middle ${proxy_set_buffer_bytes(BufferKind.REQUEST_BODY, 2, 1, START.pointer, START.length)}`);
  } else if (how == "/read") {
    say(`all ${answerOr(getBuffer(BufferKind.REQUEST_BODY, 0, size))}`);
    say(`slice ${answerOr(getBuffer(BufferKind.REQUEST_BODY, 2, 3))}`);
    say(`more than there is ${answerOr(getBuffer(BufferKind.REQUEST_BODY, 2, 1000))}`);
    say(`nothing ${answerOr(getBuffer(BufferKind.REQUEST_BODY, 2, 0))}`);
    say(`at the end ${answerOr(getBuffer(BufferKind.REQUEST_BODY, size, 10))}`);
    say(`response ${getBuffer(BufferKind.RESPONSE_BODY, 0, 1)}`);
  }
}

class BodyStream extends StreamContext {
  private path: string = "";

  onRequestHeaders(count: i32, endOfStream: bool): Action {
    say(`headers end=${endOfStream}`);
    getHeader(HeaderMap.REQUEST, PATH);
    this.path = answer();
    removeHeader(HeaderMap.REQUEST, CONTENT_LENGTH);
    return endOfStream ? Action.CONTINUE : Action.PAUSE;
  }

  onRequestBody(size: i32, endOfStream: bool): Action {
    if (!endOfStream) return Action.PAUSE;
    say(`body size=${size}`);
    edit(this.path, size);
    return Action.CONTINUE;
  }

  onRequestTrailers(count: i32): Action {
    say(`trailers ${count}`);
    return Action.CONTINUE;
  }

  onResponseHeaders(count: i32, endOfStream: bool): Action {
    removeHeader(HeaderMap.RESPONSE, CONTENT_LENGTH);
    return Action.CONTINUE;
  }

  onResponseBody(size: i32, endOfStream: bool): Action {
    if (size > 0) {
      getBuffer(BufferKind.RESPONSE_BODY, 0, size);
      say(`reply ${hostLength() == size}`);
      replacePrefix(BufferKind.RESPONSE_BODY, 1, START.pointer, START.length);
    }
    return Action.CONTINUE;
  }
}

export class BodyRoot extends RootContext {
  createStream(id: u32): StreamContext {
    return new BodyStream();
  }
}
