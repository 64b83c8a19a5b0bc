// Reads a provider's stream: bytes in, in any pieces, and out what the client gets of whole events, with the strongest
// signal among them. What passes untouched is read for its signals and for what it used.

import { EventStreamFramer } from "../aws/event-stream-framer";
import { ByteWriter } from "../bytes/byte-writer";
import { redactKeys } from "../errors/redact";
import { EventFramer } from "../sse/event-framer";
import { SseFramer } from "../sse/framer";
import { Meter } from "../usage/meter";
import { endSignalOf, signalOf } from "./first-content";
import { Framing, StreamSignal, Translator } from "./translator";
import { isUsageChunk, UsageStrip } from "./usage-strip";

const NO_METER = new Meter();

export class EventReader {
  private readonly sseFramer: SseFramer = new SseFramer();
  private readonly awsFramer: EventStreamFramer = new EventStreamFramer();
  private framer: EventFramer = this.sseFramer;
  private translator: Translator | null = null;
  private dialect: i32 = 0;
  private meter: Meter = NO_METER;
  /** What passes loses its chunk of usage: then `out` gets all that goes on. */
  strips: bool = false;
  private readonly strip: UsageStrip = new UsageStrip();
  /** Of a stream that passes: its first content, end or error was seen. */
  private opened: bool = false;
  /** Of a stream that passes: its terminal event, or an error event, was seen. */
  isComplete: bool = false;
  /** Of a stream that passes: an error event was among the bytes that were read last. */
  hasError: bool = false;

  /** `translator` is null for a stream that passes; `meter` is told of every event. */
  begin(translator: Translator | null, dialect: i32, meter: Meter, strips: bool): void {
    this.strips = strips;
    this.translator = translator;
    this.dialect = dialect;
    this.meter = meter;
    this.opened = false;
    this.isComplete = false;
    this.hasError = false;
    if (translator != null && translator.framing != Framing.SSE) this.framer = this.awsFramer;
  }

  reset(): void {
    this.framer.reset();
    this.framer = this.sseFramer;
    this.translator = null;
    this.meter = NO_METER;
    this.strip.reset();
  }

  get isBinary(): bool {
    return this.framer != this.sseFramer;
  }

  /** The bytes are no events any more. */
  get failed(): bool {
    return this.framer.failed;
  }

  /** Of a stream that passes: the signal of the first event that is not preamble, as long as there was none. */
  read(pointer: usize, length: i32, out: ByteWriter): StreamSignal {
    this.framer.push(pointer, length);
    if (this.translator == null) return this.watch(pointer, length, out);
    let strongest = StreamSignal.PREAMBLE;
    while (strongest < StreamSignal.END && this.framer.next()) strongest = max(strongest, this.handle(out));
    return strongest;
  }

  /** The stream has ended: one more event may be whole now, and a dialect may have no terminal event. */
  end(before: StreamSignal, out: ByteWriter): StreamSignal {
    const translator = this.translator;
    if (translator == null) return this.endWatch(before, out);
    let signal = before;
    if (signal >= StreamSignal.END) return signal;
    if (this.framer.finish()) signal = max(signal, this.handle(out));
    if (signal >= StreamSignal.END) return signal;
    const start = out.length;
    return max(signal, redacted(translator.translateEnd(out), start, out));
  }

  /** Whether what goes on of a stream that is stripped is not what came, since it was asked last. */
  takeChanged(): bool {
    const changed = this.strip.changed;
    this.strip.changed = false;
    return changed;
  }

  private handle(out: ByteWriter): StreamSignal {
    const framer = this.framer;
    const data = framer.dataPointer;
    this.meter.readEvent(data, framer.dataLength);
    const start = out.length;
    const signal = this.translator!.translateEvent(framer.typePointer, framer.typeLength, data, framer.dataLength, out);
    return redacted(signal, start, out);
  }

  private watch(pointer: usize, length: i32, out: ByteWriter): StreamSignal {
    this.hasError = false;
    if (this.strips) this.strip.push(pointer, length);
    let first = StreamSignal.PREAMBLE;
    while (this.sseFramer.next()) {
      const signal = this.watchEvent();
      if (first == StreamSignal.PREAMBLE) first = signal;
      if (!this.strips) continue;
      this.strip.quiet(this.sseFramer.quietEnd, out);
      this.strip.event(this.sseFramer.position, this.isUsageChunk(), out);
    }
    if (!this.strips) return first;
    this.strip.quiet(this.sseFramer.quietEnd, out);
    if (this.failed) this.strip.finish(false, out);
    else this.strip.rest();
    return first;
  }

  private endWatch(before: StreamSignal, out: ByteWriter): StreamSignal {
    const hasMore = this.framer.finish();
    const signal = hasMore ? max(before, this.watchEvent()) : before;
    if (this.strips) this.strip.finish(hasMore && this.isUsageChunk(), out);
    return signal;
  }

  private isUsageChunk(): bool {
    return isUsageChunk(this.framer.dataPointer, this.framer.dataLength);
  }

  private watchEvent(): StreamSignal {
    const framer = this.framer;
    const type = framer.typePointer;
    const data = framer.dataPointer;
    this.meter.readEvent(data, framer.dataLength);
    let signal = endSignalOf(this.dialect, type, framer.typeLength, data, framer.dataLength);
    if (signal >= StreamSignal.END) this.isComplete = true;
    if (!this.opened) signal = signalOf(this.dialect, type, framer.typeLength, data, framer.dataLength);
    if (signal != StreamSignal.PREAMBLE) this.opened = true;
    if (signal == StreamSignal.ERROR) this.hasError = this.isComplete = true;
    return signal;
  }
}

/** Removes keys from an error event, which begins at `start`. */
function redacted(signal: StreamSignal, start: i32, out: ByteWriter): StreamSignal {
  if (signal == StreamSignal.ERROR) redactKeys(out.pointer + <usize>start, out.length - start);
  return signal;
}
