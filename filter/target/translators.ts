// The registry of translators: which one answers a client protocol from a provider's dialect, and a pool of each. Where
// protocol and dialect are the same there is none: bytes pass as they are.

import { Dialect, Protocol } from "../contract";
import { ChatToMessages } from "./anthropic/chat-to-messages";
import { MessagesToChat } from "./openai/messages-to-chat";
import { Translator } from "./translator";

const chatToMessages: Translator[] = [];
const messagesToChat: Translator[] = [];

/** Null when client and provider speak the same. Give it back with `giveTranslator`. */
export function takeTranslator(protocol: i32, dialect: i32): Translator | null {
  if (protocol == Protocol.OPENAI && dialect == Dialect.ANTHROPIC) {
    return chatToMessages.length > 0 ? chatToMessages.pop() : new ChatToMessages();
  }
  if (protocol == Protocol.ANTHROPIC && dialect == Dialect.OPENAI) {
    return messagesToChat.length > 0 ? messagesToChat.pop() : new MessagesToChat();
  }
  return null;
}

export function giveTranslator(translator: Translator): void {
  if (translator instanceof ChatToMessages) chatToMessages.push(translator);
  else messagesToChat.push(translator);
}
