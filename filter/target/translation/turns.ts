// A conversation as turns, for APIs whose roles alternate: messages of one role that follow one another become one turn, which
// begins with its first part, so that a message without any leaves no trace. What system messages say leaves the
// conversation and is kept until the turns are written.
//
//   turns.begin(json, Turn.USER); …part…; turns.begin(json, Turn.USER); …part…; turns.finish(t)      {"role":"user","content":[…,…]}

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import { Translation } from "./translation";

/** The system texts are never longer than the request. */
const SYSTEM_BYTES_MAX: i32 = 64 * 1024 * 1024;

export enum Turn {
  NONE = 0,
  USER = 1,
  MODEL = 2,
  /** What tools gave, where that is a turn of its own. */
  RESULTS = 3,
}

export class Turns {
  private open: Turn = Turn.NONE;
  private isEmpty: bool = true;
  private readonly systemText: ByteWriter = new ByteWriter(SYSTEM_BYTES_MAX);
  /** Where the parts of the system messages go. */
  readonly systemJson: JsonWriter = new JsonWriter(this.systemText);

  /** `modelRole` and `parts`: what the API calls the model's role and the list of parts. */
  constructor(
    private readonly modelRole: string,
    private readonly parts: string,
  ) {}

  reset(): void {
    this.systemJson.reset(this.systemText.reset());
    this.open = Turn.NONE;
    this.isEmpty = true;
  }

  get hasSystem(): bool {
    return this.systemText.length > 0;
  }

  get isOpen(): bool {
    return this.open != Turn.NONE;
  }

  begin(json: JsonWriter, turn: Turn): void {
    if (this.open == turn) return;
    this.end(json);
    this.open = turn;
    this.isEmpty = false;
    json.objectBegin();
    json.key("role");
    json.ascii(turn == Turn.MODEL ? this.modelRole : "user");
    json.key(this.parts);
    json.arrayBegin();
  }

  private end(json: JsonWriter): void {
    if (this.open == Turn.NONE) return;
    this.open = Turn.NONE;
    json.arrayEnd();
    json.objectEnd();
  }

  /** Ends the array of turns that the caller has begun. False when there were none: no API takes that. */
  finish(t: Translation): bool {
    this.end(t.json);
    t.json.arrayEnd();
    if (!this.isEmpty) return true;
    return t.refuseField("messages", "it needs at least one user or assistant message with content.");
  }

  /** The array of the system's parts, as the value of `member`. */
  writeSystem(t: Translation, member: string): bool {
    if (this.systemText.overflow) return t.refuse(ErrorCode.OVERLOADED);
    t.json.key(member);
    t.json.arrayBegin();
    t.json.raw(this.systemText.pointer, this.systemText.length);
    t.json.arrayEnd();
    return true;
  }
}
