/**
 * The little path arithmetic that is needed above the port.
 *
 * A path is read as Windows's when it starts with a drive letter or two backslashes; everywhere else a backslash is an
 * ordinary character of a name. Paths are joined with `/`, which every platform takes. `..` is left to the kernel:
 * folding it here would be wrong across symbolic links.
 *
 * @module
 */

const WINDOWS_ABSOLUTE_REGEXP = /^(?:[A-Za-z]:[\\/]|\\\\)/;

/** Whether the path names the same file from every directory. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith("/") || WINDOWS_ABSOLUTE_REGEXP.test(path);
}

/** The name under the directory. */
export function joinPath(directory: string, name: string): string {
  return isSeparator(directory, directory.length - 1) ? `${directory}${name}` : `${directory}/${name}`;
}

/** The path as seen from the directory: an absolute one is returned as it is, a leading `./` is dropped. */
export function resolvePath(directory: string, path: string): string {
  if (isAbsolutePath(path)) return path;
  const plain = path.replace(/^(?:\.\/+)+/, "");
  return plain === "" || plain === "." ? directory : joinPath(directory, plain);
}

/**
 * The directory that holds the file: everything before the last separator, `.` for a bare name, the root for what lies
 * in it.
 */
export function parentPath(path: string): string {
  const at = lastSeparator(path);
  if (at === -1) return ".";
  const isRoot = at === 0 || (at === 2 && WINDOWS_ABSOLUTE_REGEXP.test(path));
  return path.slice(0, isRoot ? at + 1 : at);
}

/** The last part of the path. */
export function baseName(path: string): string {
  return path.slice(lastSeparator(path) + 1);
}

function lastSeparator(path: string): number {
  for (let index = path.length - 1; index >= 0; index--) {
    if (isSeparator(path, index)) return index;
  }
  return -1;
}

function isSeparator(path: string, index: number): boolean {
  const character = path[index];
  return character === "/" || (character === "\\" && WINDOWS_ABSOLUTE_REGEXP.test(path));
}
