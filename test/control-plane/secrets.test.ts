// The keyring, the text forms of master keys, token files, and the form of API keys.
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { apiKeyShownPrefix, generateApiKey, isApiKey } from "../../control-plane/keys.js";
import { Keyring, SealError } from "../../control-plane/secrets/keyring.js";
import { parseMasterKeys } from "../../control-plane/secrets/master-key.js";
import { readOrCreateToken } from "../../control-plane/secrets/token-file.js";

describe("a keyring", () => {
  const [one, two] = [randomBytes(32), randomBytes(32)];
  const ring = new Keyring([one]);

  it("opens what it sealed, and seals nothing alike twice", () => {
    for (const secret of ["x", "é\u{1f600}", "s".repeat(8192), ""]) {
      const sealed = ring.seal("provider/a", secret);
      expect(ring.open("provider/a", sealed)).toBe(secret);
      expect(ring.seal("provider/a", secret).box).not.toBe(sealed.box);
      expect(sealed.keyId).toMatch(/^[0-9a-f]{16}$/);
    }
  });

  it("refuses another name, another key, and any changed byte", () => {
    const sealed = ring.seal("provider/a", "secret");
    expect(() => ring.open("provider/b", sealed)).toThrow(SealError);
    expect(() => new Keyring([two]).open("provider/a", sealed)).toThrow(SealError);
    const box = Buffer.from(sealed.box, "base64");
    for (let at = 0; at < box.length; at++) {
      const changed = Buffer.from(box);
      changed[at]! ^= 1;
      expect(() => ring.open("provider/a", { ...sealed, box: changed.toString("base64") }), `byte ${at}`).toThrow(
        SealError,
      );
    }
    for (const length of [0, 12, 27, box.length - 1]) {
      const cut = box.subarray(0, length).toString("base64");
      expect(() => ring.open("provider/a", { ...sealed, box: cut }), `${length} bytes`).toThrow(SealError);
    }
  });

  it("seals with its first key and opens with all", () => {
    const old = ring.seal("provider/a", "secret");
    const rotated = new Keyring([two, one]);
    expect(rotated.open("provider/a", old)).toBe("secret");
    expect(new Keyring([two]).open("provider/a", rotated.seal("provider/a", "secret"))).toBe("secret");
  });

  it("derives a key for each purpose and name, the same from the same first key", () => {
    const derived = ring.derive("sealed ids", "team", 32);
    expect(derived).toHaveLength(32);
    expect(new Keyring([one, two]).derive("sealed ids", "team", 32)).toEqual(derived);
    const others = [ring.derive("sealed ids", "tea", 32), ring.derive("other", "team", 32)];
    for (const other of [...others, new Keyring([two]).derive("sealed ids", "team", 32), one]) {
      expect(other).not.toEqual(derived);
    }
  });

  it("takes 32-byte keys only", () => {
    expect(() => new Keyring([])).toThrow(RangeError);
    expect(() => new Keyring([randomBytes(16)])).toThrow(RangeError);
  });
});

describe("master keys", () => {
  const key = randomBytes(32);
  it.each(["base64", "base64url", "hex"] as const)("are read as %s", (encoding) => {
    expect(parseMasterKeys(`${key.toString(encoding)}\n`)).toEqual([key]);
  });
  it("are read one after the other", () => {
    const other = randomBytes(32);
    expect(parseMasterKeys(`${key.toString("base64")}\n${other.toString("hex")}\n`)).toEqual([key, other]);
  });
  it.each([
    "",
    " ",
    "password",
    key.toString("hex").slice(1),
    `${key.toString("base64")} x`,
    randomBytes(33).toString("base64"),
  ])("are not read from anything else (%#)", (text) => expect(parseMasterKeys(text)).toBeUndefined());
});

describe("a token file", () => {
  it("is made once, for its owner only, and must hold a token", () => {
    const directory = mkdtempSync(join(tmpdir(), "sluice-"));
    const file = join(directory, "xds-token");
    const token = readOrCreateToken(file);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(readOrCreateToken(file)).toBe(token);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toBe(`${token}\n`);
    expect(readdirSync(directory)).toEqual(["xds-token"]);
    writeFileSync(file, "short\n");
    expect(() => readOrCreateToken(file)).toThrow(/xds-token does not hold a token/);
    rmSync(directory, { recursive: true });
  });
});

describe("an API key", () => {
  it("has the form and checksum that the filter checks", () => {
    // Worked out apart from this code, with Python's zlib.crc32.
    for (const known of [
      "sk-slc-0123456789ABCDEFGHIJKLMNOPQRSTUV1GES5o",
      "sk-slc-000000000000000000000000000000003N5GZv",
    ])
      expect(isApiKey(known)).toBe(true);
    const keys = Array.from({ length: 100 }, generateApiKey);
    expect(new Set(keys).size).toBe(100);
    for (const key of keys) {
      expect(key).toMatch(/^sk-slc-[0-9A-Za-z]{38}$/);
      expect(isApiKey(key)).toBe(true);
      expect(apiKeyShownPrefix(key)).toHaveLength(11);
    }
  });

  it("with any character changed is none", () => {
    const key = generateApiKey();
    for (let at = 0; at < key.length; at++) {
      const other = key[at] === "A" ? "B" : "A";
      expect(isApiKey(key.slice(0, at) + other + key.slice(at + 1)), `character ${at}`).toBe(false);
    }
    for (const text of ["", key.slice(1), `${key}0`, key.toLowerCase() === key ? "" : key.toLowerCase()]) {
      expect(isApiKey(text)).toBe(false);
    }
  });
});
