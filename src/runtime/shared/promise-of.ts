/** Synchronous platform calls behind promises of the port. @module */

/** Does the work now and gives its result as a promise; what it throws becomes a rejection. */
export function promiseOf<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
