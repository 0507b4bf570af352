/**
 * The files that settings name: certificates and keys.
 *
 * @module
 */
import { BarnacleError, toBarnacleError } from "../errors.ts";
import { SECRET_BYTES_MAX } from "../limits.ts";
import type { Files } from "../runtime/port.ts";
import { explainConfig } from "./explain.ts";
import type { LoadedConfig } from "./load.ts";
import { formatOrigin } from "./origin.ts";

/**
 * Reads the file that a setting names, such as `http.tlsKeyFile`, as text.
 *
 * @param path the path of a setting whose value is a file's path
 * @returns `undefined` when the setting is not set
 * @throws `SECRET_UNREADABLE` naming the setting, the file and where it was configured
 */
export async function readNamedFile(
  files: Pick<Files, "read">,
  loaded: LoadedConfig,
  path: string,
): Promise<string | undefined> {
  const row = explainConfig(loaded).find((setting) => setting.path === path);
  if (typeof row?.value !== "string") return undefined;
  const action = `Read the file of ${path}`;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await files.read(row.value, SECRET_BYTES_MAX));
  } catch (thrown) {
    const { code } = toBarnacleError(thrown, action);
    throw new BarnacleError({
      code: "SECRET_UNREADABLE",
      action,
      value: `${code} from ${JSON.stringify(row.value)} (${formatOrigin(row.origin)})`,
      wanted: `a readable file of at most ${SECRET_BYTES_MAX} bytes of text`,
      cause: thrown,
    });
  }
}
