/**
 * Making a work directory ready for mail.
 *
 * @module
 */
import { isBarnacleError } from "../../errors.ts";
import type { Crypto, Files } from "../../runtime/port.ts";
import { replaceFile, statIfThere, type StorePorts } from "../../store/mod.ts";
import { ensureHeartbeatSection, type HeartbeatPlaced } from "../heartbeat/heartbeat-file.ts";
import { ensureMailDirectory } from "../mail-directory.ts";
import { type Manifest, readManifest, writeManifest } from "./manifest.ts";
import { pathOf, type Place, PLACES } from "./places.ts";
import { SKILL_TEXT } from "./skill-text.ts";
import { attemptStep, type Step } from "./step.ts";

/** The host's identity, as far as a preparation has to do with it. */
export interface IdentityKeeper {
  /** The node id of the identity; `undefined` when there is none. @throws when there is a key that cannot be used */
  current(): Promise<string | undefined>;
  /** Makes the identity. @returns its node id */
  make(): Promise<string>;
}

/** What a preparation needs of the platform and of the other rooms. */
export interface PreparationComponents extends StorePorts {
  readonly crypto: Pick<Crypto, "sha256">;
  readonly identity: IdentityKeeper;
}

const OTHERS_MASK = 0o077;
const SKILL_BYTES_MAX = 1024 * 1024;

/** What may be left out. */
export interface PreparationOptions {
  /** The agent here reads no `HEARTBEAT.md`, and its doctor would remove it: none is made or changed. */
  readonly withoutHeartbeat?: boolean;
}

/** A preparation under way. */
interface Work extends PreparationComponents {
  readonly directory: string;
  readonly known: Manifest;
}

/** A step, and what is to be remembered of it. */
interface Done {
  readonly step: Step;
  readonly remember?: Partial<Manifest>;
}

/**
 * Makes a work directory ready: `.moltcomm/`, its `.gitignore`, the identity, an outbox to append to, the section of `HEARTBEAT.md`,
 * `SKILL_IMPL.md`. What is there stays as it is; a second call changes nothing. One thing that fails does not keep the rest from being
 * made.
 *
 * @param directory the work directory, which exists
 * @returns what was done with each, in the order in which it was done
 */
export async function prepareForMail(
  components: PreparationComponents,
  directory: string,
  { withoutHeartbeat = false }: PreparationOptions = {},
): Promise<Step[]> {
  const work: Work = { ...components, directory, known: await readManifest(components.files, directory) };
  const hadState = await isThere(components.files, pathOf(directory, PLACES.stateDirectory));
  let hasNewIgnore = false;
  const done: readonly Done[] = [
    await attempt(PLACES.mailDirectory, async () => {
      const made = await ensureMailDirectory(work, directory);
      hasNewIgnore = made.gitIgnore;
      return await describeDirectory(work, made.directory);
    }),
    await attempt(PLACES.gitIgnore, () => checkGitIgnore(work, hasNewIgnore)),
    await attempt(PLACES.identity, () => prepareIdentity(work)),
    await attempt(PLACES.outbox, () => prepareOutbox(work)),
    ...(withoutHeartbeat ? [] : [await attempt(PLACES.heartbeat, () => prepareHeartbeat(work))]),
    await attempt(PLACES.skill, () => prepareSkill(work)),
  ];
  const madeState = !hadState && await isThere(components.files, pathOf(directory, PLACES.stateDirectory));
  await remember(work, done, madeState ? [PLACES.stateDirectory] : []);
  return done.map(({ step }) => step);
}

async function attempt(place: Place, act: () => Promise<Done>): Promise<Done> {
  let done: Done | undefined;
  const step = await attemptStep(place, async () => {
    done = await act();
    return done.step;
  });
  return done ?? { step };
}

/** Written only when there is something new to remember: a second call changes no byte. */
async function remember(work: Work, done: readonly Done[], alsoMade: readonly Place[]): Promise<void> {
  const made = [...alsoMade, ...done.filter(({ step }) => step.outcome === "made").map(({ step }) => step.path)];
  const facts = Object.assign({}, ...done.map((one) => one.remember ?? {})) as Partial<Manifest>;
  if (made.length === 0 && Object.keys(facts).length === 0) return;
  await writeManifest(work, work.directory, {
    ...work.known,
    ...facts,
    made: [...new Set([...work.known.made, ...made])],
  });
}

async function describeDirectory({ files, directory }: Work, isNew: boolean): Promise<Done> {
  const place = PLACES.mailDirectory;
  const path = pathOf(directory, place);
  const { mode } = await files.stat(path);
  const isOpen = mode !== undefined && (mode & OTHERS_MASK) !== 0;
  const note = isOpen ? `mail and the key; others can look into it: chmod 700 "${path}" closes it` : "mail and the key";
  return { step: { path: place, outcome: isNew ? "made" : "there", note } };
}

/** It was made with the directory unless somebody has one of his own there, which counts if it keeps everything out. */
async function checkGitIgnore({ files, directory }: Work, isNew: boolean): Promise<Done> {
  const place = PLACES.gitIgnore;
  const text = new TextDecoder().decode(await readIfThere(files, pathOf(directory, place)));
  if (text.split("\n").some((line) => line.trim() === "*")) {
    return { step: { path: place, outcome: isNew ? "made" : "there", note: "keeps mail and key out of git" } };
  }
  const note = 'somebody else\'s, without the line "*": mail and key may get into git';
  return { step: { path: place, outcome: "left", note } };
}

async function prepareOutbox(work: Work): Promise<Done> {
  const place = PLACES.outbox;
  const note = "append a line here to send a message";
  const path = pathOf(work.directory, place);
  if (await isThere(work.files, path)) return { step: { path: place, outcome: "there", note } };
  const handle = await work.files.open(path, "append", { mode: 0o600 });
  await handle.close();
  return { step: { path: place, outcome: "made", note } };
}

async function prepareIdentity({ identity }: Work): Promise<Done> {
  const path = PLACES.identity;
  const current = await identity.current();
  if (current !== undefined) return { step: { path, outcome: "there", note: `this host is ${current}` } };
  const nodeId = await identity.make();
  return { step: { path, outcome: "made", note: `this host is ${nodeId}` }, remember: { nodeId } };
}

const HEARTBEAT_NOTES: Readonly<Record<HeartbeatPlaced, readonly [Step["outcome"], string]>> = {
  created: ["made", "tells the agent at each heartbeat to read its mail"],
  inserted: ["changed", "the section about mail was put in"],
  replaced: ["changed", "the section about mail has the contract's words again"],
  unchanged: ["there", "has the section about mail"],
};

async function prepareHeartbeat(work: Work): Promise<Done> {
  const placed = await ensureHeartbeatSection(work, pathOf(work.directory, PLACES.heartbeat));
  const [outcome, note] = HEARTBEAT_NOTES[placed];
  const step = { path: PLACES.heartbeat, outcome, note };
  const { told } = work.known;
  return told?.isInFile === true ? { step } : { step, remember: { told: { ...told, isInFile: true } } };
}

async function prepareSkill(work: Work): Promise<Done> {
  const place = PLACES.skill;
  const path = pathOf(work.directory, place);
  const wanted = new TextEncoder().encode(SKILL_TEXT);
  const present = await readIfThere(work.files, path);
  const note = "how mail works here, for the agent";
  const skillSha256 = hashOf(work, wanted);
  if (present !== undefined && hashOf(work, present) === skillSha256) {
    return { step: { path: place, outcome: "there", note } };
  }
  if (present !== undefined && hashOf(work, present) !== work.known.skillSha256) {
    return { step: { path: place, outcome: "left", note: "somebody else's text; move it away to get ours" } };
  }
  await replaceFile(work, path, wanted, { keepOwner: true });
  return {
    step: { path: place, outcome: present === undefined ? "made" : "changed", note },
    remember: { skillSha256 },
  };
}

/** SHA-256 in hexadecimal. */
export function hashOf({ crypto }: Pick<PreparationComponents, "crypto">, bytes: Uint8Array): string {
  return Array.from(crypto.sha256(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The file's bytes; `undefined` when there is none. */
export async function readIfThere(files: Files, path: string): Promise<Uint8Array | undefined> {
  try {
    return await files.read(path, SKILL_BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return undefined;
    // Nothing of ours is that long: no bytes say as much.
    if (isBarnacleError(thrown, "BODY_TOO_LARGE")) return new Uint8Array();
    throw thrown;
  }
}

/** Whether anything is at the path. */
export async function isThere(files: Pick<Files, "stat">, path: string): Promise<boolean> {
  return await statIfThere(files, path) !== undefined;
}
