// Takes a credential out of what a provider says: providers echo keys, whole or in part, and an error must not.

/** Shorter runs of a credential are words like any other. */
const RUN_CHARACTERS = 8;
const MARK = "[removed]";

/** `text` without any run of eight characters that the secret has too; of a shorter secret, without the whole of it. */
export function withoutSecret(text: string, secret: string | undefined): string {
  if (secret === undefined || secret === "") return text;
  const length = Math.min(RUN_CHARACTERS, secret.length);
  const hidden = new Uint8Array(text.length);
  for (let at = 0; at + length <= text.length; at++) {
    if (secret.includes(text.slice(at, at + length))) hidden.fill(1, at, at + length);
  }
  let shown = "";
  for (let at = 0; at < text.length; at++) {
    if (hidden[at] === 0) shown += text[at];
    else if (at === 0 || hidden[at - 1] === 0) shown += MARK;
  }
  return shown;
}
