/**
 * The licences of everything in this binary. Loaded only by `version --verbose`.
 *
 * @module
 */
declare const BARNACLE_LICENCES: string | undefined;

/** The text the build put in; `undefined` when run from sources, where each package carries its own. */
export const LICENCES: string | undefined = typeof BARNACLE_LICENCES === "string" ? BARNACLE_LICENCES : undefined;
