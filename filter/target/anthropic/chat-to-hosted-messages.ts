// Chat to Claude hosted elsewhere: chat to Messages, then Messages to the host. It is a back of other chains, or serves chat
// clients by itself.

import { Chained } from "../chained";
import { Plan } from "../plan";
import { ChatToMessages } from "./chat-to-messages";
import { HostedMessages } from "./hosted-messages";

export class ChatToHostedMessages extends Chained {
  constructor(onBedrock: bool) {
    super(new ChatToMessages(), new HostedMessages(onBedrock));
  }

  /** Its front is a back itself: what chat may carry is for the outer chain to say. */
  reset(plan: Plan, inChain: bool): void {
    super.reset(plan, inChain);
    this.front.reset(plan, inChain);
  }
}
