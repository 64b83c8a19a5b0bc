export async function startSluice() { throw new Error("not yet"); }
