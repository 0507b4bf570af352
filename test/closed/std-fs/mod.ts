/**
 * Stands in for `@std/fs` where its registry cannot be reached: the function that the Deno adapter uses, with the same
 * signature and results. The type check on every machine follows these declarations too.
 *
 * @module
 */

interface FileInfo {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
}

interface DenoNamespace {
  readonly errors: { readonly NotFound: new () => Error };
  stat(path: string | URL): Promise<FileInfo>;
  mkdir(path: string | URL, options: { readonly recursive: boolean }): Promise<void>;
}

const deno: DenoNamespace = (globalThis as unknown as { readonly Deno: DenoNamespace }).Deno;

/** Makes sure that the directory exists, with its parents. */
export async function ensureDir(dir: string | URL): Promise<void> {
  try {
    const info = await deno.stat(dir);
    if (!info.isDirectory) throw new Error("Failed to ensure directory exists: expected 'dir'");
  } catch (error) {
    if (!(error instanceof deno.errors.NotFound)) throw error;
    await deno.mkdir(dir, { recursive: true });
  }
}
