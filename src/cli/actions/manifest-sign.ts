import { encodeBase64 } from "../../contract/mod.ts";
import { BarnacleError } from "../../errors.ts";
import {
  checkManifest,
  identityPath,
  loadIdentity,
  MANIFEST_BYTES_MAX,
  MANIFEST_FILE,
  type PublishingKey,
  readPublishingKey,
  signaturePlace,
  signManifest,
} from "../../moltcomm/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { replaceFile, resolvePath } from "../../store/mod.ts";
import type { ManifestSignFlags } from "../commands/manifest.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { escapeText } from "../terminal.ts";

const FILE_MODE = 0o644;

export default async function sign(this: Invocation, flags: ManifestSignFlags, file = MANIFEST_FILE): Promise<void> {
  const { runtime } = this.cli;
  const { clock, crypto, files, process } = runtime;
  const path = resolvePath(process.workingDirectory(), file);
  const bytes = await files.read(path, MANIFEST_BYTES_MAX);
  checkManifest(crypto, bytes, { action: `Sign ${JSON.stringify(path)}`, wallMs: clock.wallMs() });
  const key = flags.key === undefined
    ? await identityKey(runtime, (await loadConfiguration(this.cli, flags)).directory)
    : await readPublishingKey(runtime, resolvePath(process.workingDirectory(), flags.key));
  const signature = signManifest(crypto, key.sign, bytes);
  const place = signaturePlace(path);
  await replaceFile(runtime, place, new TextEncoder().encode(signature), { mode: FILE_MODE });
  process.standardOutput.write(`${key.pub}\n`);
  process.standardError.write(
    `wrote ${escapeText(place)}; publish both files: clients pin the key above as moltcomm.manifestPub\n`,
  );
}

async function identityKey(runtime: Runtime, directory: string): Promise<PublishingKey> {
  const identity = await loadIdentity(runtime, { directory });
  if (identity !== undefined) return { pub: encodeBase64(identity.publicSpki), sign: identity.sign };
  throw new BarnacleError({
    code: "FILE_NOT_FOUND",
    action: `Sign with the identity "${identityPath(directory)}"`,
    value: "nothing there",
    wanted: "an identity",
    hint: "barnacle id makes one; or name another work directory with --dir, or a key with --key",
  });
}
