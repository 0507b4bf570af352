/** The one loop. @module */
export * from "./types.ts";
