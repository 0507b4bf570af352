/**
 * The word that a daemon leaves in the work directory of another agent whose mail it carries, so that commands there find its
 * configuration and identity, whether it runs or not.
 *
 * @module
 */
import * as z from "zod/mini";
import type { CarriedBy } from "./config/mod.ts";
import { isBarnacleError } from "./errors.ts";
import type { Files } from "./runtime/port.ts";
import { isAbsolutePath, joinPath, replaceFile, type StorePorts, workDirectoryPaths } from "./store/mod.ts";

/** The daemon, and where its configuration is. */
export interface CarrierWord extends CarriedBy {
  readonly configFile: string;
}

const BYTES_MAX = 16_384;

function schema() {
  const absolute = z.string().check(z.refine<string>(isAbsolutePath));
  return z.looseObject({
    directory: absolute,
    config_file: absolute,
    agent: z.string().check(z.minLength(1)),
    identity: z.enum(["own", "shared"]),
  });
}

/** Where the word is left. */
export function carrierPath(directory: string): string {
  return joinPath(workDirectoryPaths(directory).stateDirectory, "carried-by.json");
}

/** Who carries the mail of a work directory; `undefined` where nobody left word, or none that makes sense. */
export async function readCarrier(files: Pick<Files, "read">, directory: string): Promise<CarrierWord | undefined> {
  try {
    const bytes = await files.read(carrierPath(directory), BYTES_MAX);
    const checked = schema().safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    if (!checked.success) return undefined;
    const { agent: agentId, config_file: configFile, directory: by, identity } = checked.data;
    return { directory: by, configFile, agentId, identity };
  } catch (thrown) {
    // Not there, not ours to read, or no JSON: the directory speaks for itself.
    if (isBarnacleError(thrown) || thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/** Leaves the word, unless it is there already. @throws the errors of `Files` */
export async function writeCarrier(ports: StorePorts, directory: string, word: CarrierWord): Promise<void> {
  const before = await readCarrier(ports.files, directory);
  if (before !== undefined && keyOf(before) === keyOf(word)) return;
  const { agentId: agent, configFile, directory: by, identity } = word;
  const value = { directory: by, config_file: configFile, agent, identity };
  const bytes = new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`);
  await replaceFile(ports, carrierPath(directory), bytes, { mode: 0o600 });
}

function keyOf({ agentId, configFile, directory, identity }: CarrierWord): string {
  return JSON.stringify([directory, configFile, agentId, identity]);
}
