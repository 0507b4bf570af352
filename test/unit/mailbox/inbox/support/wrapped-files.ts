/** Something between the inbox and the simulated disk: to count, to delay, to act in the middle. */
import type { FileHandle, Files, OpenMode } from "../../../../../src/runtime/port.ts";

/** Files whose handles go through `wrap`, which may spread and change them. */
export function withHandles(
  files: Files,
  wrap: (handle: FileHandle, path: string, mode: OpenMode) => FileHandle,
): Files {
  return {
    ...methods(files),
    open: async (path, mode, options) => wrap(methods(await files.open(path, mode, options)), path, mode),
  };
}

/** Files with some methods replaced. */
export function withMethods(files: Files, change: (files: Files) => Partial<Files>): Files {
  return { ...methods(files), ...change(files) };
}

/** The methods of a class's object as properties of their own. */
function methods<T extends object>(object: T): T {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(object)) as (keyof T)[];
  const entries = names.filter((name) => name !== "constructor").map((name) => {
    const member = object[name];
    return [name, typeof member === "function" ? member.bind(object) : member];
  });
  return Object.fromEntries(entries) as T;
}
