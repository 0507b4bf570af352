/**
 * The built plugin for OpenClaw gateways. Loaded only by the commands about it.
 *
 * @module
 */
declare const BARNACLE_PLUGIN_MODULE: string | undefined;

/** In the binary, where the build put it; from sources, where `npm run build` leaves it. */
const MODULE = typeof BARNACLE_PLUGIN_MODULE === "string"
  ? BARNACLE_PLUGIN_MODULE
  : new URL("../dist/openclaw-plugin.js", import.meta.url).href;

/** All its files by name: JSON under gzip in base64. `undefined` when nothing was built. */
export async function loadPlugin(): Promise<string | undefined> {
  try {
    const loaded: unknown = await import(MODULE);
    const files = typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : undefined;
    return typeof files === "string" ? files : undefined;
  } catch {
    // There is no such module beside sources that were never built.
    return undefined;
  }
}
