/**
 * Where the two files of a source lie.
 *
 * @module
 */
import { MANIFEST_SOURCE_WANTED, type ManifestSource, readManifestSource } from "../../contract/mod.ts";
import { BarnacleError } from "../../errors.ts";

/** Where the two files of a source lie: both are URLs, or both are paths. */
export interface ManifestPlaces {
  readonly kind: ManifestSource["kind"];
  readonly manifest: string;
  readonly signature: string;
}

/** The name of a manifest file. Source: MoltComm v1, section 9. */
export const MANIFEST_FILE = "bootstrap-manifest.json";

const JSON_ENDING = /\.json$/i;
const SIGNATURE_ENDING = ".sig";

/**
 * The places of a source: what ends in `/` is a folder with both files under their own names, else it is the manifest, and the signature
 * lies beside it, `.sig` in place of `.json`.
 *
 * @throws `USAGE` when the text is no source
 */
export function placesOf(text: string): ManifestPlaces {
  const source = readManifestSource(text);
  if (source === undefined) {
    const action = `Read the manifest source ${JSON.stringify(text)}`;
    throw new BarnacleError({ code: "USAGE", action, wanted: MANIFEST_SOURCE_WANTED });
  }
  const manifest = text.endsWith("/") ? `${text}${MANIFEST_FILE}` : text;
  return { kind: source.kind, manifest, signature: signaturePlace(manifest) };
}

/** Where the signature of a manifest lies. */
export function signaturePlace(manifest: string): string {
  return `${manifest.replace(JSON_ENDING, "")}${SIGNATURE_ENDING}`;
}
