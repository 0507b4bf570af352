/** The one loop: tasks with a rhythm, background work, an orderly end. @module */
export { createScheduler, type SchedulerComponents, type SchedulerInit } from "./loop.ts";
export * from "./types.ts";
