// Every header call, on requests and on responses.

import {
  Action,
  addHeader,
  getHeader,
  HeaderCursor,
  HeaderMap,
  RootContext,
  removeHeader,
  removeHeaderBytes,
  StreamContext,
  setHeader,
  setHeaderLiteral,
  utf8,
} from "proxy-wasm-assemblyscript-sdk";
import { answerOr, say } from "./say";

const TWICE = utf8("x-twice");
const ABSENT = utf8("x-absent");
const EMPTY = utf8("x-empty");
const MIXED = utf8("X-Mixed");
const DROP = utf8("x-drop");
const SET = utf8("x-set");
const ADDED = utf8("x-added");
const REPLY = utf8("x-reply");
const ONE = utf8("one");
const TWO = utf8("two");
const cursor = new HeaderCursor();

function sayAll(map: HeaderMap, label: string): void {
  say(`${label} ${cursor.read(map) ? "map" : "no map"}`);
  while (cursor.next()) {
    const name = String.UTF8.decodeUnsafe(cursor.namePointer, cursor.nameLength);
    if (!name.startsWith("x-") || name.startsWith("x-envoy") || name.startsWith("x-request")) continue;
    if (name.startsWith("x-forwarded")) continue;
    say(`${label} ${name}=${String.UTF8.decodeUnsafe(cursor.valuePointer, cursor.valueLength)}`);
  }
}

class HeaderStream extends StreamContext {
  onRequestHeaders(count: i32, endOfStream: bool): Action {
    sayAll(HeaderMap.REQUEST, "request");
    say(`response now: ${cursor.read(HeaderMap.RESPONSE) ? "map" : "no map"}`);
    say(`twice ${answerOr(getHeader(HeaderMap.REQUEST, TWICE))}`);
    say(`empty ${answerOr(getHeader(HeaderMap.REQUEST, EMPTY))}`);
    say(`absent ${answerOr(getHeader(HeaderMap.REQUEST, ABSENT))}`);
    say(`mixed case ${answerOr(getHeader(HeaderMap.REQUEST, MIXED))}`);
    say(`remove absent ${removeHeader(HeaderMap.REQUEST, ABSENT)}`);
    removeHeader(HeaderMap.REQUEST, DROP);
    removeHeaderBytes(HeaderMap.REQUEST, EMPTY.pointer, EMPTY.length);
    setHeaderLiteral(HeaderMap.REQUEST, TWICE, ONE);
    setHeaderLiteral(HeaderMap.REQUEST, MIXED, TWO);
    setHeader(HeaderMap.REQUEST, SET, TWO.pointer, TWO.length);
    addHeader(HeaderMap.REQUEST, ADDED, ONE.pointer, ONE.length);
    addHeader(HeaderMap.REQUEST, ADDED, TWO.pointer, TWO.length);
    sayAll(HeaderMap.REQUEST, "after");
    return Action.CONTINUE;
  }

  onResponseHeaders(count: i32, endOfStream: bool): Action {
    sayAll(HeaderMap.RESPONSE, "response");
    setHeaderLiteral(HeaderMap.RESPONSE, REPLY, TWO);
    return Action.CONTINUE;
  }
}

export class HeaderRoot extends RootContext {
  createStream(id: u32): StreamContext {
    return new HeaderStream();
  }
}
