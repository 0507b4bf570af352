import { composeManifest, MANIFEST_FILE, readRelayInfo, type RelayEntry } from "../../moltcomm/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { replaceFile, resolvePath } from "../../store/mod.ts";
import type { ManifestMakeFlags } from "../commands/manifest.ts";
import type { Invocation } from "../context.ts";
import { usageError } from "../failure.ts";
import { escapeText } from "../terminal.ts";

const DAYS_DEFAULT = 30;
/** A list of relays that nobody looks at for longer is out of date. */
const DAYS_MAX = 3_660;
const DAY_MS = 86_400_000;
const STANDARD_STREAM = "-";
/** What a relay says of itself has some hundred bytes. */
const INFO_BYTES_MAX = 65_536;
const FILE_MODE = 0o644;

export default async function make(this: Invocation, flags: ManifestMakeFlags, ...infos: string[]): Promise<void> {
  const { runtime } = this.cli;
  const { clock, crypto, process } = runtime;
  const days = flags.days ?? DAYS_DEFAULT;
  if (days < 1 || days > DAYS_MAX) throw usageError("Read --days", String(days), `1 to ${DAYS_MAX}`);
  const relays = (flags.relay ?? []).map(readRelayFlag);
  for (const info of infos) relays.push(await readInfo(runtime, info));
  if (relays.length === 0) {
    const hint = "barnacle relay info --json says what a relay is to be listed as";
    throw usageError("Make the manifest", "no relay", "files with what relays say of themselves, or --relay", hint);
  }
  const generatedMs = Math.round(clock.wallMs());
  const text = composeManifest(crypto, { relays, generatedMs, expiresMs: generatedMs + days * DAY_MS });
  if (flags.out === STANDARD_STREAM) {
    process.standardOutput.write(text);
    return;
  }
  const path = resolvePath(process.workingDirectory(), flags.out ?? MANIFEST_FILE);
  await replaceFile(runtime, path, new TextEncoder().encode(text), { mode: FILE_MODE });
  process.standardOutput.write(`${escapeText(path)}\n`);
  const count = relays.length === 1 ? "1 relay" : `${relays.length} relays`;
  process.standardError.write(`${count} for ${days} d; now sign it: barnacle manifest sign ${escapeText(path)}\n`);
}

/** `PUB@ADDRESS[,ADDRESS…]`: no key in base64 holds an `@`. */
function readRelayFlag(text: string): RelayEntry {
  const at = text.indexOf("@");
  if (at > 0) return { pub: text.slice(0, at), addresses: text.slice(at + 1).split(",") };
  throw usageError("Read --relay", JSON.stringify(text), "PUB@ADDRESS[,ADDRESS…]");
}

async function readInfo({ files, process }: Runtime, name: string): Promise<RelayEntry> {
  const bytes = name === STANDARD_STREAM
    ? await process.readStandardInput(INFO_BYTES_MAX)
    : await files.read(resolvePath(process.workingDirectory(), name), INFO_BYTES_MAX);
  return readRelayInfo(new TextDecoder().decode(bytes), name === STANDARD_STREAM ? "standard input" : name);
}
