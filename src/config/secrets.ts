/**
 * Secrets, from wherever they are kept.
 *
 * @module
 */
import { isBarnacleError } from "../errors.ts";
import { SECRET_BYTES_MAX } from "../limits.ts";
import { Secret } from "../log/mod.ts";
import type { Files } from "../runtime/port.ts";
import type { Given } from "./given.ts";
import type { ConfigProblems } from "./problems.ts";

/** A secret's value before it is read: the text itself, or the file that holds it. */
export type SecretSource = string | { readonly file: string };

/** What goes into an `Authorization` header: RFC 9110, section 11.6.2, leaves room for little else. */
const SECRET_REGEXP = /^[\x21-\x7e]+$/;
const SECRET_WANTED = "visible ASCII characters without spaces";

/** Whether the value, as a file or the environment gives it, has the form of a secret's source. */
export function isSecretSource(value: unknown): value is SecretSource {
  if (typeof value === "string") return true;
  if (typeof value !== "object" || value === null) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && "file" in value && typeof value.file === "string" && value.file !== "";
}

/**
 * Reads a secret. One line feed at the end of a file is no part of it.
 *
 * Neither the secret nor the name of its file is ever shown: the likeliest mistake is to give the one for the other.
 *
 * @param given whose value `isSecretSource`
 * @param resolve makes the file's path absolute
 * @returns `undefined` with a problem added when it cannot be had
 */
export async function readSecret(
  files: Pick<Files, "read">,
  given: Given,
  resolve: (path: string) => string,
  problems: ConfigProblems,
): Promise<Secret | undefined> {
  const source = given.value as SecretSource;
  const refuse = (code: "CONFIG_INVALID" | "SECRET_UNREADABLE", fault: string): undefined => {
    problems.add({ code, path: given.setting.path, fault, origin: given.origin });
  };
  if (typeof source === "string") {
    problems.hide(source);
    if (SECRET_REGEXP.test(source)) return new Secret(source);
    return refuse("CONFIG_INVALID", `got [secret] with other characters in it, wanted ${SECRET_WANTED}`);
  }
  let text: string;
  try {
    const bytes = await files.read(resolve(source.file), SECRET_BYTES_MAX);
    text = new TextDecoder().decode(bytes).replace(/\r?\n$/, "");
  } catch (thrown) {
    const got = isBarnacleError(thrown) ? thrown.code : "INTERNAL";
    return refuse("SECRET_UNREADABLE", `got ${got} from the secret's file, wanted a readable file with the secret`);
  }
  problems.hide(text);
  if (SECRET_REGEXP.test(text)) return new Secret(text);
  const got = text === "" ? "an empty file" : "a file with other characters in it";
  return refuse("SECRET_UNREADABLE", `got ${got}, wanted ${SECRET_WANTED}`);
}
