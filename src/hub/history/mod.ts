/**
 * What became of each instance: a day at 30 s, a month at 10 minutes, in bounded space.
 *
 * @module
 */
export { type Point } from "./buckets.ts";
export { HISTORY_DATABASE, openHistoryDatabase } from "./database.ts";
export { History } from "./history.ts";
export { type HistoryQuery, historyQuery, type Range, rangeOf } from "./range.ts";
