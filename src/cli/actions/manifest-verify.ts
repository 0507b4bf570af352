import { checkTimes, fetchPair, openManifest } from "../../moltcomm/mod.ts";
import type { ManifestVerifyFlags } from "../commands/manifest.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { usageError } from "../failure.ts";
import { namedPlaces, printManifest, readKey, refusedError, withFetching } from "../mail/manifests.ts";

export default async function verify(this: Invocation, flags: ManifestVerifyFlags, source: string): Promise<void> {
  const { runtime } = this.cli;
  const pub = flags.pub ?? (await loadConfiguration(this.cli, flags)).config.moltcomm.manifestPub;
  if (pub === undefined) {
    throw usageError("Verify the manifest", "no key", "--pub KEY, or moltcomm.manifestPub in the configuration");
  }
  const key = readKey(runtime.crypto, pub);
  const places = namedPlaces(runtime, source);
  const fetched = await withFetching(runtime, (components, signal) => fetchPair(components, places, signal));
  if ("refused" in fetched) throw refusedError(places.manifest, fetched.refused);
  const opened = openManifest(runtime.crypto, fetched.pair, key);
  if ("refused" in opened) throw refusedError(places.manifest, opened.refused);
  const { manifest } = opened;
  const untimely = checkTimes(manifest, { wallMs: runtime.clock.wallMs(), knownMs: undefined });
  if (untimely !== undefined) throw refusedError(places.manifest, untimely);
  printManifest(runtime, { source: places.manifest, verified: true, manifest }, flags.json ?? false);
}
