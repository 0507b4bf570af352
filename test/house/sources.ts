/** The source tree as the house tests read it. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

export const ROOT: string = resolve(import.meta.dirname, "../..");

export interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with comments blanked out, line by line. */
  readonly code: string;
}

/** Every TypeScript file below a folder of the checkout. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => {
      const full = join(entry.parentPath, entry.name);
      const text = readFileSync(full, "utf8");
      return { path: relative(ROOT, full).replaceAll("\\", "/"), text, code: withoutComments(text) };
    })
    .sort((left, right) => left.path < right.path ? -1 : 1);
}

/** Blanks comments and keeps line numbers. Strings that hold comment marks survive well enough for word searches. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(^|[\s;{(])\/\/.*$/gm, "$1");
}

/** `file:line` of each match of a pattern in the code of the files. */
export function findInCode(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    file.code.split("\n").flatMap((line, index) => {
      const hit = line.match(pattern);
      return hit === null ? [] : [`${file.path}:${index + 1} ${hit[0].trim()}`];
    })
  );
}
