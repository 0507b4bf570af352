import { explainConfig, readNamedFile } from "../../config/mod.ts";
import type { FileStat } from "../../runtime/port.ts";
import { certificateValidity } from "./certificate.ts";
import { failure, failureFrom, ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const KEY_SETTINGS = ["http.tlsKeyFile", "hub.tlsKeyFile", "openclaw.clientKeyFile"] as const;
const CERTIFICATE_SETTINGS = [
  "http.tlsCertFile",
  "hub.tlsCertFile",
  "openclaw.clientCertFile",
  "openclaw.caFile",
] as const;
const OTHERS_MASK = 0o077;
const DAY_MS = 86_400_000;
/** Renewing takes people and time. */
const EXPIRY_WARNING_MS = 21 * DAY_MS;

/** Private keys: there, and nobody else's to read. Certificates: readable and in force. */
export async function checkKeyFiles(patient: Patient): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const setting of KEY_SETTINGS) findings.push(...await checkKey(patient, setting));
  for (const setting of CERTIFICATE_SETTINGS) findings.push(...await checkCertificate(patient, setting));
  return findings;
}

function pathOf({ loaded }: Patient, setting: string): string | undefined {
  const value = explainConfig(loaded).find((row) => row.path === setting)?.value;
  return typeof value === "string" ? value : undefined;
}

async function checkKey(patient: Patient, setting: string): Promise<Finding[]> {
  const path = pathOf(patient, setting);
  if (path === undefined) return [];
  let stat: FileStat;
  try {
    await readNamedFile(patient.runtime.files, patient.loaded, setting);
    stat = await patient.runtime.files.stat(path);
  } catch (thrown) {
    return [failureFrom("key file", thrown, `make ${path} readable for the user that runs barnacle`)];
  }
  if (stat.mode === undefined || (stat.mode & OTHERS_MASK) === 0) return [ok("key file", `${path} is nobody else's`)];
  const mode = (stat.mode & 0o777).toString(8);
  return [warning("key file", `${path} (${setting}) has mode ${mode}: others can use the key`, `chmod 600 ${path}`)];
}

async function checkCertificate(patient: Patient, setting: string): Promise<Finding[]> {
  const path = pathOf(patient, setting);
  if (path === undefined) return [];
  const nowMs = patient.runtime.clock.wallMs();
  const advice = `put a certificate that is in force into ${path} (${setting})`;
  let pem: string | undefined;
  try {
    pem = await readNamedFile(patient.runtime.files, patient.loaded, setting);
  } catch (thrown) {
    return [failureFrom("certificate", thrown, advice)];
  }
  const validity = certificateValidity(pem ?? "");
  if (validity === undefined) return [failure("certificate", `${path} holds no certificate that can be read`, advice)];
  const date = new Date(validity.notAfterMs).toISOString().slice(0, 10);
  if (nowMs > validity.notAfterMs) return [failure("certificate", `${path} ran out on ${date}`, advice)];
  if (nowMs < validity.notBeforeMs) {
    return [failure("certificate", `${path} is not in force yet`, `${advice}, or set the clock`)];
  }
  if (validity.notAfterMs - nowMs < EXPIRY_WARNING_MS) {
    return [warning("certificate", `${path} runs out on ${date}`, advice)];
  }
  return [ok("certificate", `${path} is in force until ${date}`)];
}
