/**
 * The shapes that cross a border, as zod schemas and the types they infer. Checked on the way in, and the source of the OpenAPI document.
 *
 * @module
 */
export * from "./answers.ts";
export * from "./base64.ts";
export * from "./heartbeat.ts";
export * from "./host-telemetry.ts";
export * from "./invitation.ts";
export * from "./issues.ts";
export * from "./mail-answers.ts";
export * from "./manifest-source.ts";
export * from "./monitor-answers.ts";
export * from "./node-id.ts";
export * from "./openclaw-metadata.ts";
export * from "./peer-address.ts";
export { name, semver } from "./primitives.ts";
export * from "./registration.ts";
export * from "./report.ts";
export { isPlainStatusDocument } from "./plain-status-document.ts";
export * from "./status-document.ts";
export * from "./watched-answers.ts";
