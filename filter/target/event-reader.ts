// Reads a provider's stream: bytes in, in any pieces, and out what the client gets of whole events, with the strongest
// signal among them. What passes untouched is read for its signal only, up to its first content.

import { EventStreamFramer } from "../aws/event-stream-framer";
import { ByteWriter } from "../bytes/byte-writer";
import { redactKeys } from "../errors/redact";
import { EventFramer } from "../sse/event-framer";
import { SseFramer } from "../sse/framer";
import { signalOf } from "./first-content";
import { Framing, StreamSignal, Translator } from "./translator";

export class EventReader {
  private readonly sseFramer: SseFramer = new SseFramer();
  private readonly awsFramer: EventStreamFramer = new EventStreamFramer();
  private framer: EventFramer = this.sseFramer;
  private translator: Translator | null = null;
  private dialect: i32 = 0;
  /** A signal behind which nothing is of interest. */
  private enough: StreamSignal = StreamSignal.CONTENT;

  /** `translator` is null for a stream that passes untouched. */
  begin(translator: Translator | null, dialect: i32): void {
    this.translator = translator;
    this.dialect = dialect;
    this.enough = translator == null ? StreamSignal.CONTENT : StreamSignal.END;
    if (translator != null && translator.framing != Framing.SSE) this.framer = this.awsFramer;
  }

  reset(): void {
    this.framer.reset();
    this.framer = this.sseFramer;
    this.translator = null;
  }

  get isBinary(): bool {
    return this.framer != this.sseFramer;
  }

  /** The bytes are no events any more. */
  get failed(): bool {
    return this.framer.failed;
  }

  read(pointer: usize, length: i32, out: ByteWriter): StreamSignal {
    this.framer.push(pointer, length);
    let strongest = StreamSignal.PREAMBLE;
    while (strongest < this.enough && this.framer.next()) strongest = max(strongest, this.handle(out));
    return strongest;
  }

  /** The stream has ended: one more event may be whole now, and a dialect may have no terminal event. */
  end(before: StreamSignal, out: ByteWriter): StreamSignal {
    let signal = before;
    if (signal >= this.enough) return signal;
    if (this.framer.finish()) signal = max(signal, this.handle(out));
    const translator = this.translator;
    if (translator == null || signal >= StreamSignal.END) return signal;
    const start = out.length;
    return max(signal, redacted(translator.translateEnd(out), start, out));
  }

  private handle(out: ByteWriter): StreamSignal {
    const framer = this.framer;
    const type = framer.typePointer;
    const data = framer.dataPointer;
    const translator = this.translator;
    if (translator == null) return signalOf(this.dialect, type, framer.typeLength, data, framer.dataLength);
    const start = out.length;
    return redacted(translator.translateEvent(type, framer.typeLength, data, framer.dataLength, out), start, out);
  }
}

/** Removes keys from an error event, which begins at `start`. */
function redacted(signal: StreamSignal, start: i32, out: ByteWriter): StreamSignal {
  if (signal == StreamSignal.ERROR) redactKeys(out.pointer + <usize>start, out.length - start);
  return signal;
}
