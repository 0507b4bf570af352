/** The dead-man's switch: a watcher elsewhere notices when this host falls silent. @module */
export { type DeadmanKind, kindOf } from "./conventions.ts";
export { type DeadmanComponents, type DeadmanInit, DeadmanSwitch } from "./deadman-switch.ts";
