/**
 * What the commands about manifests share: fetching one, and showing it.
 *
 * @module
 */
import { BarnacleError } from "../../errors.ts";
import {
  type FetchComponents,
  type LeftOut,
  type Manifest,
  type ManifestKey,
  type ManifestPlaces,
  placesOf,
  readManifestKey,
  type Refusal,
} from "../../moltcomm/mod.ts";
import type { Crypto, Runtime } from "../../runtime/port.ts";
import { resolvePath } from "../../store/mod.ts";
import { usageError } from "../failure.ts";
import { formatPairs, formatTable } from "../table.ts";
import { escapeText, safeJson, wantsColour } from "../terminal.ts";

/** A manifest to be shown. */
export interface ShownManifest {
  readonly source: string;
  /** Whether its signature was checked, and holds. */
  readonly verified: boolean;
  readonly manifest: Manifest;
}

/** Where a source given on the command line lies: a file's name counts from where the command was typed. @throws `USAGE` */
export function namedPlaces(runtime: Runtime, text: string): ManifestPlaces {
  const places = placesOf(text);
  return places.kind === "url" ? places : placesOf(resolvePath(runtime.process.workingDirectory(), places.manifest));
}

/** Does something with what fetching takes. */
export async function withFetching<Result>(
  runtime: Runtime,
  act: (components: FetchComponents, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { clock, files, http } = runtime;
  const client = http.client({});
  try {
    return await act({ clock, files, fetch: client.fetch }, new AbortController().signal);
  } finally {
    client.close();
  }
}

/** The key in a text. @throws `USAGE` when it is none */
export function readKey(crypto: Crypto, pub: string): ManifestKey {
  const key = readManifestKey(crypto, pub);
  if (key !== undefined) return key;
  const wanted = "44 bytes of SPKI DER in base64, as barnacle id and barnacle manifest sign show it";
  throw usageError("Read the public key", JSON.stringify(pub), wanted);
}

/** A refusal as the command's failure. */
export function refusedError(source: string, { code, detail }: Refusal): BarnacleError {
  const action = `Use the manifest ${source}`;
  return new BarnacleError({ code: "MANIFEST_INVALID", action, problems: [`${detail} (${code})`] });
}

/** Prints a manifest; what clients leave out of it goes to standard error, unless it is JSON. */
export function printManifest(runtime: Runtime, shown: ShownManifest, json: boolean): void {
  const { standardError, standardOutput } = runtime.process;
  const { manifest: { leftOut, ...manifest }, source, verified } = shown;
  if (json) {
    standardOutput.write(`${safeJson(documentOf(shown))}\n`);
    return;
  }
  const layout = {
    colour: wantsColour(standardOutput, runtime.process.environment()),
    widthMax: standardOutput.columns,
  };
  const moment = (wallMs: number) => new Date(wallMs).toISOString();
  const nowMs = runtime.clock.wallMs();
  // A key or an id without its end is worth nothing, so no pair is cut.
  standardOutput.write(formatPairs([
    ["manifest", source],
    ["signature", verified ? { text: "holds", tone: "good" } : { text: "not checked", tone: "warning" }],
    ["made", moment(manifest.generatedMs)],
    [manifest.expiresMs > nowMs ? "expires" : "expired", moment(manifest.expiresMs)],
    ["relays", String(manifest.relays.length)],
  ], { ...layout, widthMax: undefined }));
  for (const left of leftOut) standardError.write(`left out: ${escapeText(describeLeftOut(left))}\n`);
  if (manifest.relays.length === 0) return;
  standardOutput.write(formatTable({
    columns: [{ title: "NODE" }, { title: "EXPIRES" }, { title: "ADDRESSES", widthMin: 12 }],
    rows: manifest.relays.map(({ nodeId, expiresMs, addresses }) => [
      nodeId,
      expiresMs === undefined
        ? "-"
        : { text: moment(expiresMs), ...(expiresMs > nowMs ? {} : { tone: "bad" as const }) },
      addresses.join(", "),
    ]),
    ...layout,
  }));
}

/** What cannot be used, and why, for people. */
export function describeLeftOut({ code, detail, index }: LeftOut): string {
  return `relay ${index + 1}: ${detail} (${code})`;
}

function documentOf({ manifest, source, verified }: ShownManifest) {
  return {
    source,
    verified,
    generated_ts: manifest.generatedMs,
    expires_ts: manifest.expiresMs,
    relays: manifest.relays.map(({ nodeId, pub, addresses, expiresMs }) => ({
      node_id: nodeId,
      pub,
      addrs: addresses,
      expires_ts: expiresMs ?? null,
    })),
    left_out: manifest.leftOut.map(({ index, code, detail }) => ({ relay: index, code, detail })),
  };
}
