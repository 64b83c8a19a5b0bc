// The certificate authorities that this machine trusts, as PEM: Envoy has no setting that means "the system's", and may
// run where none are installed. Reads once; SSL_CERT_FILE names another bundle, as it does for OpenSSL.
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { StartError } from "./errors.js";

const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Alpine, Arch
  "/etc/pki/tls/certs/ca-bundle.crt", // Fedora, RHEL
  "/etc/ssl/ca-bundle.pem", // openSUSE
  "/etc/ssl/cert.pem", // macOS, FreeBSD
];
const CERTIFICATE = "-----BEGIN CERTIFICATE-----";

function readBundle(file: string): string | undefined {
  try {
    const pem = readFileSync(file, "utf8");
    return pem.includes(CERTIFICATE) ? pem : undefined;
  } catch {
    return undefined;
  }
}

/** Throws StartError if SSL_CERT_FILE is set and cannot be used. */
export function systemAuthorities(environment: NodeJS.ProcessEnv = process.env): string {
  const { SSL_CERT_FILE: named } = environment;
  if (named === undefined || named === "") {
    // Node's own list is Mozilla's, as the systems' are.
    return BUNDLES.map(readBundle).find((pem) => pem !== undefined) ?? rootCertificates.join("\n");
  }
  const pem = readBundle(named);
  if (pem !== undefined) return pem;
  throw new StartError(`SSL_CERT_FILE ${named} holds no readable certificate. Name a PEM bundle, or unset it.`);
}
