/** Structured events, and the secrets that never appear in them. @module */
export { createLogger, type LoggerComponents, type LoggerInit } from "./logger.ts";
export { Redactor } from "./redactor.ts";
export { Secret, SECRET_MASK } from "./secret.ts";
export * from "./types.ts";
