/**
 * What preparations put into a work directory, so that exactly this can be taken out again: `.moltcomm/state/init.json`.
 *
 * @module
 */
import * as z from "zod/mini";
import { isBarnacleError } from "../../errors.ts";
import type { Files } from "../../runtime/port.ts";
import { joinPath, replaceFile, type StorePorts } from "../../store/mod.ts";

/** What was made here, and what is needed to recognise it. */
export interface Manifest {
  /** Places that did not exist before. */
  readonly made: readonly string[];
  /** SHA-256 of the `SKILL_IMPL.md` that was written, in hexadecimal. */
  readonly skillSha256?: string;
  /** The identity that was made. */
  readonly nodeId?: string;
  readonly told?: Told;
}

/** Where the section about mail was put. There it is put back when it is gone; taking it out by `init --remove` ends that. */
export interface Told {
  /** `HEARTBEAT.md` of the work directory. */
  readonly isInFile?: boolean;
  /** The scratch of a gateway's agent. */
  readonly scratch?: { readonly stateDirectory: string; readonly agentId: string };
}

const MANIFEST_BYTES_MAX = 16 * 1024;
const NOTHING: Manifest = { made: [] };

function schema() {
  return z.looseObject({
    made: z.array(z.string()),
    skill_impl_sha256: z.optional(z.string()),
    node_id: z.optional(z.string()),
    told: z.optional(z.object({
      file: z.optional(z.boolean()),
      scratch: z.optional(z.object({ state_directory: z.string(), agent: z.string() })),
    })),
  });
}

/** Where the manifest lies: its directory, and the file in it. */
export function manifestPaths(directory: string): { readonly state: string; readonly file: string } {
  const state = joinPath(joinPath(directory, ".moltcomm"), "state");
  return { state, file: joinPath(state, "init.json") };
}

/** What is known of earlier preparations: nothing where the file is missing or damaged, so that what is in doubt is left. */
export async function readManifest(files: Pick<Files, "read">, directory: string): Promise<Manifest> {
  let bytes: Uint8Array;
  try {
    bytes = await files.read(manifestPaths(directory).file, MANIFEST_BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY", "BODY_TOO_LARGE")) return NOTHING;
    throw thrown;
  }
  const read = schema().safeParse(parseJson(bytes));
  if (!read.success) return NOTHING;
  const { made, skill_impl_sha256, node_id, told } = read.data;
  return {
    made,
    ...(skill_impl_sha256 === undefined ? {} : { skillSha256: skill_impl_sha256 }),
    ...(node_id === undefined ? {} : { nodeId: node_id }),
    ...(told === undefined ? {} : { told: toldOf(told) }),
  };
}

function toldOf({ file, scratch }: NonNullable<z.infer<ReturnType<typeof schema>>["told"]>): Told {
  return {
    ...(file === undefined ? {} : { isInFile: file }),
    ...(scratch === undefined ? {} : { scratch: { stateDirectory: scratch.state_directory, agentId: scratch.agent } }),
  };
}

/** Where the section about mail was put; `undefined` where it was nowhere. */
export async function readTold(files: Pick<Files, "read">, directory: string): Promise<Told | undefined> {
  const { told } = await readManifest(files, directory);
  return told?.isInFile === true || told?.scratch !== undefined ? told : undefined;
}

/** Remembers where the section about mail is now; writes only what is news. @throws the errors of `Files` */
export async function rememberScratch(ports: StorePorts, directory: string, scratch: Told["scratch"]): Promise<void> {
  const known = await readManifest(ports.files, directory);
  if (JSON.stringify(known.told?.scratch) === JSON.stringify(scratch)) return;
  const { scratch: _before, ...others } = known.told ?? {};
  await writeManifest(ports, directory, { ...known, told: scratch === undefined ? others : { ...others, scratch } });
}

/** Keeps the manifest. @throws the errors of `Files` */
export async function writeManifest(ports: StorePorts, directory: string, manifest: Manifest): Promise<void> {
  const { state, file } = manifestPaths(directory);
  const { made, skillSha256, nodeId, told } = manifest;
  const scratch = told?.scratch && { state_directory: told.scratch.stateDirectory, agent: told.scratch.agentId };
  const value = {
    made,
    skill_impl_sha256: skillSha256,
    node_id: nodeId,
    told: told && { file: told.isInFile, scratch },
  };
  await ports.files.makeDirectory(state, { mode: 0o700 });
  await replaceFile(ports, file, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`), { mode: 0o600 });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Damaged as much as of a wrong shape, which the schema finds.
    return undefined;
  }
}
