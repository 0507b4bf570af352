/** A directory as it is compared with others: no file is touched. @module */

/** With plain slashes, and none at the end. */
export function comparableDirectory(directory: string): string {
  return directory.replaceAll("\\", "/").replace(/(?<=.)\/+$/, "");
}

/** Whether two absolute paths are written for the same directory. */
export function isSameDirectory(one: string, other: string): boolean {
  return comparableDirectory(one) === comparableDirectory(other);
}
