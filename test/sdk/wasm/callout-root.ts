// Holds a request, asks another cluster, and lets the request go on with the answer in a header. The path's first letter
// picks the cluster; one callout is remembered per root, which is enough for one request at a time.

import {
  Action,
  actAs,
  BufferKind,
  continueRequest,
  getBuffer,
  getHeader,
  HeaderList,
  HeaderMap,
  hostLength,
  hostPointer,
  httpCall,
  Literal,
  RootContext,
  StreamContext,
  setHeader,
  utf8,
} from "proxy-wasm-assemblyscript-sdk";
import { answer, say } from "./say";

const PATH = utf8(":path");
const METHOD = utf8(":method");
const AUTHORITY = utf8(":authority");
const STATUS = utf8(":status");
const GET = utf8("GET");
const WHERE = utf8("/lease");
const HOST = utf8("callout.test");
const ANSWER = utf8("x-answer");
const GOOD = utf8("callout");
const NO_ENDPOINT = utf8("no_endpoint");
const REFUSED = utf8("refused");
const RESET = utf8("reset");
const SLOW = utf8("slow");
const UNKNOWN = utf8("unknown");
const BODY = utf8("who?");
const TIMEOUT_MS: u32 = 100;
const headers = new HeaderList();

let waiting: u32 = 0;
let waitingToken: u32 = 0;

function clusterOf(path: string): Literal {
  if (path == "/no-endpoint") return NO_ENDPOINT;
  if (path == "/refused") return REFUSED;
  if (path == "/reset") return RESET;
  if (path == "/slow") return SLOW;
  return path == "/unknown" ? UNKNOWN : GOOD;
}

class CalloutStream extends StreamContext {
  onRequestHeaders(count: i32, endOfStream: bool): Action {
    getHeader(HeaderMap.REQUEST, PATH);
    const path = answer();
    headers.reset().addLiteral(METHOD, GET).addLiteral(PATH, WHERE);
    if (path != "/malformed") headers.addLiteral(AUTHORITY, HOST);
    const cluster = clusterOf(path);
    waitingToken = httpCall(cluster.pointer, cluster.length, headers, BODY.pointer, BODY.length, TIMEOUT_MS);
    waiting = this.id;
    say(waitingToken == 0 ? "refused" : "asked");
    return waitingToken == 0 ? Action.CONTINUE : Action.PAUSE;
  }

  onDelete(): void {
    say("deleted");
    super.onDelete();
  }
}

export class CalloutRoot extends RootContext {
  createStream(id: u32): StreamContext {
    return new CalloutStream();
  }

  onCalloutResponse(token: u32, headerCount: i32, bodySize: i32): void {
    const status = headerCount > 0 && getHeader(HeaderMap.CALLOUT, STATUS) ? answer() : "none";
    say(`answer ${token == waitingToken} status=${status}`);
    const hasBody = bodySize > 0 && getBuffer(BufferKind.CALLOUT_BODY, 0, bodySize);
    const body = hasBody ? hostPointer() : 0;
    const length = hasBody ? hostLength() : 0;
    if (!actAs(waiting)) {
      say("stream gone");
      return;
    }
    setHeader(HeaderMap.REQUEST, ANSWER, body, length);
    say(`continue ${continueRequest()}`);
  }
}
