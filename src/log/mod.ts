/** Structured events. @module */
export * from "./types.ts";
