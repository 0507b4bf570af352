/**
 * The outbox: what agents write to be sent, taken once, whatever they do to the file.
 *
 * @module
 */
export type { FaultCode } from "./faults.ts";
export { OutboxFile } from "./outbox-file.ts";
export type { Accept, LookOptions, LookResult, NewMessage, OutboxComponents, OutboxInit, OutboxView } from "./types.ts";
