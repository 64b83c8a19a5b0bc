// Child process of store-crash.test.ts: writes to the store as fast as it can and names each write on stdout once it was
// acknowledged. It ends only by being killed.
import { writeSync } from "node:fs";
import { runnerImport } from "vite";

const [, , file, firstRevision] = process.argv;
const source = new URL("../../control-plane/store/embedded/embedded-store.ts", import.meta.url);
const { module } = await runnerImport(source.pathname);
const store = module.openEmbeddedStore(file);
const createdAt = "2026-01-01T00:00:00.000Z";
const consumerId = "writer";
await store.putPrincipal({ kind: "consumer", id: consumerId, parent: undefined, json: "{}" });

for (let number = Number(firstRevision); ; number++) {
  // Two documents that must change together, so that a torn write shows.
  const documents = ["left", "right"].map((id) => ({ kind: "target", id, json: JSON.stringify({ number }) }));
  const sealed = { keyId: "k", box: String(number) };
  const provider = { kind: "provider", id: "p", json: "{}" };
  await store.commit({
    number: BigInt(number),
    createdAt,
    cause: "write",
    documents: [provider, ...documents],
    credentials: [{ providerId: "p", sealed, updatedAt: createdAt }],
  });
  const digest = number.toString(16).padStart(64, "0");
  const id = digest.slice(-16);
  await store.addApiKey({
    digest,
    consumerId,
    id,
    name: undefined,
    prefix: "sk-slc-0000",
    createdAt,
    expiresAt: undefined,
    lastUsedAt: undefined,
    replacedBy: undefined,
    accessJson: "{}",
  });
  // Synchronous: the line is out before the next write begins.
  writeSync(1, `${number}\n`);
}
