/**
 * Waking the agents of a gateway when mail comes for them.
 *
 * @module
 */
export { GatewayAccount } from "./account.ts";
export { quietForMs, type QuietHours, readQuietHours } from "./quiet-hours.ts";
export { findTarget, isObstacle, type Obstacle, type Target, type TargetInit } from "./target.ts";
export { Waker, type WakerComponents, type WakerInit, type WakerMail } from "./waker.ts";
