import type { LoadedConfig } from "../../config/mod.ts";
import { mailDirectoryPath } from "../../mailbox/mod.ts";
import { fetchManifest, openManifest, readCachedManifest, readManifest } from "../../moltcomm/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import type { ManifestShowFlags } from "../commands/manifest.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import {
  namedPlaces,
  printManifest,
  readKey,
  refusedError,
  type ShownManifest,
  withFetching,
} from "../mail/manifests.ts";

export default async function show(this: Invocation, flags: ManifestShowFlags, source?: string): Promise<void> {
  const { runtime } = this.cli;
  const shown = source === undefined
    ? await keptManifest(runtime, await loadConfiguration(this.cli, flags))
    : await foundManifest(runtime, source);
  if (shown !== undefined) return printManifest(runtime, shown, flags.json ?? false);
  runtime.process.standardOutput.write(
    flags.json
      ? "null\n"
      : "no manifest yet: the agent keeps the first that verifies, from moltcomm.manifestSources by moltcomm.manifestPub\n",
  );
}

async function keptManifest(runtime: Runtime, loaded: LoadedConfig): Promise<ShownManifest | undefined> {
  const { manifestPub } = loaded.config.moltcomm;
  const kept = await readCachedManifest(runtime.files, mailDirectoryPath(loaded.directory));
  if (kept === undefined) return undefined;
  const { pair, source } = kept;
  const read = manifestPub === undefined
    ? readManifest(runtime.crypto, pair.bytes)
    : openManifest(runtime.crypto, pair, readKey(runtime.crypto, manifestPub));
  if ("refused" in read) throw refusedError(source, read.refused);
  return { source, verified: manifestPub !== undefined, manifest: read.manifest };
}

async function foundManifest(runtime: Runtime, text: string): Promise<ShownManifest> {
  const places = namedPlaces(runtime, text);
  const fetched = await withFetching(runtime, (components, signal) => fetchManifest(components, places, signal));
  if ("refused" in fetched) throw refusedError(places.manifest, fetched.refused);
  const read = readManifest(runtime.crypto, fetched.bytes);
  if ("refused" in read) throw refusedError(places.manifest, read.refused);
  return { source: places.manifest, verified: false, manifest: read.manifest };
}
