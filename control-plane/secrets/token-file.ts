// Bearer tokens that nobody chose: made once, kept readable to the owner only, so that an Envoy that was started with
// one still gets in after the control plane restarts.
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { StartError } from "../errors.js";

const TOKEN_BYTES = 32;
/** Printable ASCII without spaces, as it is sent in a header; short ones can be guessed. */
export const TOKEN_FORM = /^[\x21-\x7e]{16,512}$/;

/** Replaces `file` in one step; a crash leaves the old file or the new one. Readable to the owner only. */
export function writePrivateFile(file: string, text: string): void {
  const draft = `${file}.${process.pid}.new`;
  const descriptor = openSync(draft, "w", 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
}

/** The token in `file`, which is made if it is not there. Throws StartError if the file holds something else. */
export function readOrCreateToken(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    text = randomBytes(TOKEN_BYTES).toString("base64url");
    writePrivateFile(file, `${text}\n`);
  }
  if (!TOKEN_FORM.test(text)) {
    throw new StartError(
      `${file} does not hold a token of 16 or more printable characters. Delete it to have one made.`,
    );
  }
  return text;
}
