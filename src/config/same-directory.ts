/** Directories as they are compared with each other: no file is touched. @module */

/** Without `.` and `..` and slashes at the end. */
export function plainDirectory(directory: string): string {
  const parts: string[] = [];
  for (const part of directory.split("/")) {
    if (part === "..") {
      // Above the root there is nothing.
      if (parts.length > 1) parts.pop();
    } else if (part !== "." && (part !== "" || parts.length === 0)) parts.push(part);
  }
  return parts.length === 1 && parts[0] === "" ? "/" : parts.join("/");
}

/** As {@link plainDirectory}, and with plain slashes. */
export function comparableDirectory(directory: string): string {
  return plainDirectory(directory.replaceAll("\\", "/"));
}
