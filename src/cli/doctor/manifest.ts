import type { LoadedConfig } from "../../config/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import { mailDirectoryPath } from "../../mailbox/mod.ts";
import {
  checkTimes,
  type FetchComponents,
  fetchPair,
  type Manifest,
  type ManifestKey,
  openManifest,
  placesOf,
  readCachedManifest,
  readManifestKey,
  type Refusal,
  usableRelays,
} from "../../moltcomm/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { formatDuration } from "../duration.ts";
import { describeLeftOut, withFetching } from "../mail/manifests.ts";
import { failure, failureFrom, ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const SUBJECT = "manifest";
const DAY_MS = 86_400_000;
/** Signing and publishing anew takes people and time. */
const EXPIRY_WARNING_MS = 3 * DAY_MS;
const ADVICE = "barnacle manifest verify SOURCE shows more; tell whoever publishes it";

/** The bootstrap manifest: what each source brings, and what this host would use. */
export async function checkManifest({ runtime, loaded }: Patient): Promise<Finding[]> {
  const { enabled, manifestPub, manifestSources } = loaded.config.moltcomm;
  if (!enabled || manifestPub === undefined || manifestSources.length === 0) return [];
  const key = readManifestKey(runtime.crypto, manifestPub);
  if (key === undefined) {
    return [failure(SUBJECT, "moltcomm.manifestPub is no key that can be used", "pin another one")];
  }
  const { known, findings } = await checkKept(runtime, loaded, key);
  const looks = await withFetching(runtime, (components, signal) =>
    Promise.all(manifestSources.map(async (source) => {
      return { source, looked: await look(runtime, { components, key, known, signal, source }) };
    })));
  const isAnyGood = looks.some(({ looked }) => "manifest" in looked);
  const isKeptGood = known !== undefined && known.expiresMs > runtime.clock.wallMs();
  const say = isAnyGood || isKeptGood ? warning : failure;
  return [
    ...findings,
    ...looks.flatMap(({ looked, source }) =>
      "manifest" in looked
        ? describeGood(runtime, source, looked.manifest)
        : [say(SUBJECT, `${source}: ${looked.refused.detail} (${looked.refused.code})`, ADVICE)]
    ),
  ];
}

type Looked = { readonly manifest: Manifest } | { readonly refused: Refusal };

/** The one that is kept, and what is wrong with it; a source that works makes up for it. */
async function checkKept(
  runtime: Runtime,
  loaded: LoadedConfig,
  key: ManifestKey,
): Promise<{ readonly known: Manifest | undefined; readonly findings: readonly Finding[] }> {
  try {
    const kept = await readCachedManifest(runtime.files, mailDirectoryPath(loaded.directory));
    if (kept === undefined) return { known: undefined, findings: [] };
    const opened = openManifest(runtime.crypto, kept.pair, key);
    if ("manifest" in opened) return { known: opened.manifest, findings: [] };
    const advice = "the next one that verifies takes its place";
    return { known: undefined, findings: [warning(SUBJECT, `the one that is kept: ${opened.refused.detail}`, advice)] };
  } catch (thrown) {
    if (!isBarnacleError(thrown)) throw thrown;
    const advice = "make .moltcomm/state/manifest.json readable for the user that runs barnacle";
    return { known: undefined, findings: [failureFrom(SUBJECT, thrown, advice)] };
  }
}

async function look(
  { clock, crypto }: Runtime,
  { components, key, known, signal, source }: {
    readonly components: FetchComponents;
    readonly key: ManifestKey;
    readonly known: Manifest | undefined;
    readonly signal: AbortSignal;
    readonly source: string;
  },
): Promise<Looked> {
  const fetched = await fetchPair(components, placesOf(source), signal);
  if ("refused" in fetched) return fetched;
  const opened = openManifest(crypto, fetched.pair, key);
  if ("refused" in opened) return opened;
  const refused = checkTimes(opened.manifest, { wallMs: clock.wallMs(), knownMs: known?.generatedMs });
  return refused === undefined ? opened : { refused };
}

function describeGood({ clock }: Runtime, source: string, manifest: Manifest): Finding[] {
  const nowMs = clock.wallMs();
  const { expiresMs, leftOut } = manifest;
  const leftMs = expiresMs - nowMs;
  const count = usableRelays(manifest, nowMs).length;
  const told = `${source} names ${count} ${count === 1 ? "relay" : "relays"}, for ${formatDuration(leftMs / 1_000)}`;
  const [first] = leftOut;
  return [
    leftMs < EXPIRY_WARNING_MS
      ? warning(SUBJECT, told, "whoever publishes it should sign a new one soon")
      : ok(SUBJECT, told),
    ...(first === undefined ? [] : [warning(SUBJECT, `${source}: ${describeLeftOut(first)}`, ADVICE)]),
  ];
}
