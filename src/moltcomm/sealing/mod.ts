/** Sealing: messages that nobody on the way can read. Source: MoltComm v1, section 11, reading 10. @module */
export { announcesSealing } from "./announcement.ts";
export { InOrder } from "./in-order.ts";
export { readSealing, type SealingNode } from "./memory.ts";
export { isSealedText } from "./sealed-text.ts";
export { isUnsealed, Sealing, type SealingChoice, type SealingMode, type Unsealed } from "./sealing.ts";
