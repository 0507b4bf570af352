/** The status of this host: what its work reports, whether it is well, and who is told. @module */
export type { ServiceFacts } from "./document.ts";
export { type AppliedRule, type HealthInit, type HealthRule } from "./health.ts";
export type { Check, CheckScope } from "./parts.ts";
export type { PublisherInit } from "./publisher.ts";
export { readRegistration } from "./registration-file.ts";
export { createStatusService } from "./service.ts";
export type { LocalAnswers, StatusComponents, StatusInit, StatusService } from "./types.ts";
