/**
 * What this build is. The build script replaces the `BARNACLE_*` constants; run from sources they are not defined.
 *
 * @module
 */
import manifest from "../package.json" with { type: "json" };

declare const BARNACLE_COMMIT: string | undefined;
declare const BARNACLE_TARGET: string | undefined;

/** Barnacle's own version, semver. */
export const VERSION: string = manifest.version;
/** The commit the binary was built from; `undefined` when run from sources. */
export const COMMIT: string | undefined = typeof BARNACLE_COMMIT === "string" ? BARNACLE_COMMIT : undefined;
/** The target the binary was built for, such as `linux-x64`; `undefined` when run from sources. */
export const TARGET: string | undefined = typeof BARNACLE_TARGET === "string" ? BARNACLE_TARGET : undefined;
