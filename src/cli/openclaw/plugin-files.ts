/**
 * The plugin's files: as the build left them, and as they are put down for a gateway.
 *
 * @module
 */
import * as z from "zod/mini";
import { decodeBase64 } from "../../contract/mod.ts";
import { BarnacleError, type ErrorCode, isBarnacleError } from "../../errors.ts";
import type { Files } from "../../runtime/port.ts";
import { joinPath, replaceFile, statIfThere, type StorePorts } from "../../store/mod.ts";

const BYTES_MAX = 4 * 1024 * 1024;
const NAME_REGEXP = /^(?:[\w.-]+\/)*[\w-][\w.-]*$/;

const pluginFiles = z.lazy(() => z.record(z.string().check(z.regex(NAME_REGEXP)), z.string()));

/** A plugin's files by name, with forward slashes. */
export type PluginFiles = Readonly<Record<string, string>>;

/**
 * Reads what the build left.
 *
 * @param built JSON under gzip in base64
 * @throws `FILE_NOT_FOUND` when nothing was built
 */
export async function readPlugin(built: string | undefined): Promise<PluginFiles> {
  const bytes = built === undefined ? undefined : decodeBase64(built);
  if (bytes === undefined) {
    throw new BarnacleError({
      code: "FILE_NOT_FOUND",
      action: "Read the gateway plugin",
      value: "no plugin beside these sources",
      wanted: "one that was built",
      hint: "npm run build makes it; a binary carries its own",
    });
  }
  const text = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  return pluginFiles.parse(JSON.parse(text));
}

/** Puts the files down, each whole or not at all, and removes what an older version left. @throws `PERMISSION_DENIED`, `DISK_FULL` */
export async function writePlugin(ports: StorePorts, directory: string, plugin: PluginFiles): Promise<void> {
  const { files } = ports;
  for (const folder of foldersOf(Object.keys(plugin))) await makeIfMissing(files, joinPath(directory, folder));
  for (const [name, text] of Object.entries(plugin)) {
    await replaceFile(ports, joinPath(directory, name), new TextEncoder().encode(text), { mode: 0o644 });
  }
  for (const name of await files.list(directory)) {
    if (name.endsWith(".js") && !(name in plugin)) await files.remove(joinPath(directory, name));
  }
}

/** Removes what {@link writePlugin} put down; what is not there is no fault, and what is not ours stays. */
export async function removePlugin(files: Files, directory: string, plugin: PluginFiles): Promise<void> {
  const names = new Set([
    ...Object.keys(plugin),
    ...(await listIfThere(files, directory)).filter((name) => name.endsWith(".js")),
  ]);
  for (const name of names) {
    await ignoring(["FILE_NOT_FOUND", "NOT_A_DIRECTORY"], () => files.remove(joinPath(directory, name)));
  }
  for (const folder of foldersOf(Object.keys(plugin)).reverse()) {
    await ignoring(
      ["FILE_NOT_FOUND", "NOT_A_DIRECTORY", "IO_ERROR"],
      () => files.removeDirectory(joinPath(directory, folder)),
    );
  }
}

/** Every folder of the names, a parent before what is in it; the empty one is the plugin's own. */
function foldersOf(names: readonly string[]): string[] {
  const folders = names.flatMap((name) => {
    const parts = name.split("/").slice(0, -1);
    return ["", ...parts.map((_, index) => parts.slice(0, index + 1).join("/"))];
  });
  return [...new Set(folders)].sort();
}

async function makeIfMissing(files: Files, directory: string): Promise<void> {
  if (await statIfThere(files, directory) === undefined) await files.makeDirectory(directory, { mode: 0o755 });
}

async function listIfThere(files: Files, directory: string): Promise<readonly string[]> {
  return await statIfThere(files, directory) === undefined ? [] : await files.list(directory);
}

async function ignoring(codes: readonly ErrorCode[], act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    if (!isBarnacleError(thrown, ...codes)) throw thrown;
  }
}

/** The version that is put down there; `undefined` when none is. */
export async function installedVersion(files: Pick<Files, "read">, directory: string): Promise<string | undefined> {
  try {
    const value: unknown = JSON.parse(
      new TextDecoder().decode(await files.read(joinPath(directory, "package.json"), BYTES_MAX)),
    );
    return z.safeParse(z.object({ version: z.string() }), value).data?.version;
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY") || thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
