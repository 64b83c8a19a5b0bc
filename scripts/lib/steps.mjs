// Shows what a command is doing, step by step, with seconds. It writes to the terminal and nowhere else.

/** Runs `work` under a title; what it returns is said behind the title if it is a string. Steps may overlap. */
export async function step(title, work) {
  const started = performance.now();
  console.log(`… ${title}`);
  try {
    const result = await work();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`✓ ${title}${typeof result === "string" ? `: ${result}` : ""} (${seconds} s)`);
    return result;
  } catch (error) {
    console.log(`✗ ${title}`);
    throw error;
  }
}

/** An error whose message is all that the user needs: it is printed without a stack. */
export class UserError extends Error {
  name = "UserError";
}
