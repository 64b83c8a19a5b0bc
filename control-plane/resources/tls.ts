// How a server is proven: by certificate authorities of a document's own, or by the system's.
import { X509Certificate } from "node:crypto";
import { z } from "zod";

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

function isCertificateBundle(pem: string): boolean {
  const blocks = pem.match(PEM_BLOCK);
  if (blocks === null || pem.replace(PEM_BLOCK, "").trim() !== "") return false;
  return blocks.every((block) => {
    try {
      return new X509Certificate(block).raw.length > 0;
    } catch {
      return false;
    }
  });
}

export const tlsSchema = z
  .strictObject({
    caCertificates: z
      .string()
      .max(256 * 1024)
      .refine(isCertificateBundle, { error: "must be one or more PEM blocks 'BEGIN CERTIFICATE' and nothing else" })
      .describe("Certificate authorities to trust instead of the system's, as PEM."),
  })
  .describe("TLS towards the server; without it the system's certificate authorities are trusted.");
