/**
 * Appending to a list in JSON with comments. Everything that is there stays as it is, to the letter: an editor that formats would move the
 * comment of the last entry to ours.
 *
 * @module
 */
import type { Node } from "jsonc-parser";

/**
 * Appends values to the list at a path, and makes what is missing of it.
 *
 * @param text JSON with comments that has been checked: an object, and a list at the path if anything
 */
export async function appendToList(
  text: string,
  path: readonly string[],
  values: readonly unknown[],
): Promise<string> {
  const { findNodeAtLocation, parseTree } = await import("jsonc-parser");
  const root = parseTree(text, [], { allowTrailingComma: true });
  if (root === undefined) throw new TypeError("The text has been checked to be JSON");
  const list = findNodeAtLocation(root, [...path]);
  if (list !== undefined) return append(text, list, values.map((value) => ({ value })));
  const depth = path.findLastIndex((_, index) => findNodeAtLocation(root, path.slice(0, index)) !== undefined);
  const holder = findNodeAtLocation(root, path.slice(0, depth)) ?? root;
  const value = path.slice(depth + 1).reduceRight<unknown>((inner, name) => ({ [name]: inner }), values);
  return append(text, holder, [{ name: path[depth], value }]);
}

interface Item {
  /** Of a member of an object. */
  readonly name?: string | undefined;
  readonly value: unknown;
}

/** Puts items before the closing bracket: on lines of their own where it stands on one. */
function append(text: string, { children = [], length, offset }: Node, items: readonly Item[]): string {
  const closing = offset + length - 1;
  const last = children.at(-1);
  const end = last === undefined ? offset + 1 : last.offset + last.length;
  const hasComma = text.slice(end, closing).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "").includes(",");
  const comma = last === undefined || hasComma ? "" : ",";
  const lineStart = text.lastIndexOf("\n", closing) + 1;
  const indent = text.slice(lineStart, closing);
  const head = text.slice(0, end) + comma;
  if (indent.trim() !== "" || lineStart <= offset) {
    const written = items.map((item) => composeItem(item)).join(", ");
    const gap = last === undefined ? "" : " ";
    return `${head}${text.slice(end, closing).trimEnd()}${gap}${written}${gap}${text.slice(closing)}`;
  }
  const newline = text[lineStart - 2] === "\r" ? "\r\n" : "\n";
  const written = items.map((item) => `${indent}  ${composeItem(item, `${newline}${indent}  `)}`).join(`,${newline}`);
  return `${head}${text.slice(end, lineStart)}${written}${hasComma ? "," : ""}${newline}${text.slice(lineStart)}`;
}

/** @param newline what begins a line of the item; without it there is one line */
function composeItem({ name, value }: Item, newline?: string): string {
  const text = JSON.stringify(value, undefined, newline === undefined ? undefined : 2);
  const written = newline === undefined ? text : text.replaceAll("\n", newline);
  return name === undefined ? written : `${JSON.stringify(name)}: ${written}`;
}
