/**
 * The files that settings name: certificates and keys.
 *
 * @module
 */
import { BarnacleError, toBarnacleError } from "../errors.ts";
import { SECRET_BYTES_MAX } from "../limits.ts";
import type { Files } from "../runtime/port.ts";
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
  const [section = "", name = ""] = path.split(".");
  const sections: Readonly<Record<string, Readonly<Record<string, unknown>>>> = loaded.config;
  const file = sections[section]?.[name];
  if (typeof file !== "string") return undefined;
  const action = `Read the file of ${path}`;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await files.read(file, SECRET_BYTES_MAX));
  } catch (thrown) {
    const { code } = toBarnacleError(thrown, action);
    throw new BarnacleError({
      code: "SECRET_UNREADABLE",
      action,
      value: `${code} from ${JSON.stringify(file)} (${formatOrigin(loaded.origins.get(path) ?? { kind: "default" })})`,
      wanted: `a readable file of at most ${SECRET_BYTES_MAX} bytes of text`,
      cause: thrown,
    });
  }
}
