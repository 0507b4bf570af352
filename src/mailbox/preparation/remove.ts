/**
 * Taking out of a work directory what preparations put in, and nothing else.
 *
 * @module
 */
import { isBarnacleError } from "../../errors.ts";
import type { Files } from "../../runtime/port.ts";
import { joinPath, removeLeftovers } from "../../store/mod.ts";
import { CONTACTS_LOCK_FILE } from "../contact-file.ts";
import { type HeartbeatTaken, removeHeartbeatSection } from "../heartbeat/heartbeat-file.ts";
import { type Manifest, manifestPaths, readManifest, writeManifest } from "./manifest.ts";
import { pathOf, type Place, PLACES } from "./places.ts";
import { hashOf, isThere, type PreparationComponents, readIfThere } from "./prepare.ts";
import { SKILL_TEXT } from "./skill-text.ts";
import { attemptStep, type Step } from "./step.ts";

interface Work extends PreparationComponents {
  readonly directory: string;
  readonly known: Manifest;
}

/** Files of ours that hold nothing of anybody's. */
const HOUSEKEEPING: readonly string[] = [CONTACTS_LOCK_FILE];
/** In the agent's own directory. */
const STATE_FILES: readonly string[] = [".gitignore", "lock"];
/** What keeps a mail directory may be shown in a few words. */
const SHOWN_MAX = 4;

/**
 * Takes out the section of `HEARTBEAT.md`, `SKILL_IMPL.md`, the empty outbox, and, where nothing else is in it, `.moltcomm/` with the
 * identity that was made for it. Whatever somebody changed, brought or received is left. The caller holds the work directory's lock.
 *
 * @param directory the work directory
 * @returns what was done with each that is or was there
 */
export async function removePreparation(components: PreparationComponents, directory: string): Promise<Step[]> {
  const { told, ...known } = await readManifest(components.files, directory);
  const work: Work = { ...components, directory, known };
  // First of all: what is taken out is not to be put back.
  if (told !== undefined) await writeManifest(components, directory, known);
  await removeLeftovers(components.files, manifestPaths(directory).file);
  const steps = [
    await attemptStep(PLACES.heartbeat, () => removeHeartbeat(work)),
    await attemptStep(PLACES.skill, () => removeSkill(work)),
    ...await removeMail(work),
    await attemptStep(PLACES.stateDirectory, () => removeState(work)),
  ];
  return steps.filter(({ note }) => note !== ABSENT);
}

/**
 * Takes the section out of a `HEARTBEAT.md` that the agent does not read any more.
 *
 * @param directory the work directory
 * @returns what was done, or nothing where there is no section
 */
export async function removeUnreadSection(components: PreparationComponents, directory: string): Promise<Step[]> {
  const known = await readManifest(components.files, directory);
  const step = await attemptStep(PLACES.heartbeat, () => removeHeartbeat({ ...components, directory, known }));
  return step.note === ABSENT ? [] : [step];
}

/** Marks a step that is not worth a line. */
const ABSENT = "";

function absent(path: Place): Step {
  return { path, outcome: "there", note: ABSENT };
}

const HEARTBEAT_STEPS: Readonly<Record<HeartbeatTaken, Pick<Step, "outcome" | "note">>> = {
  "taken out": { outcome: "changed", note: "the section about mail was taken out" },
  "file removed": { outcome: "removed", note: "nothing else was in it" },
  absent: { outcome: "there", note: ABSENT },
};

async function removeHeartbeat(work: Work): Promise<Step> {
  const isOurs = work.known.made.includes(PLACES.heartbeat);
  const taken = await removeHeartbeatSection(work, pathOf(work.directory, PLACES.heartbeat), { isOurs });
  return { path: PLACES.heartbeat, ...HEARTBEAT_STEPS[taken] };
}

async function removeSkill(work: Work): Promise<Step> {
  const path = pathOf(work.directory, PLACES.skill);
  const present = await readIfThere(work.files, path);
  if (present === undefined) return absent(PLACES.skill);
  const hash = hashOf(work, present);
  const isOurs = hash === work.known.skillSha256 || hash === hashOf(work, new TextEncoder().encode(SKILL_TEXT));
  if (!isOurs) return { path: PLACES.skill, outcome: "left", note: "it is not as init wrote it" };
  await work.files.remove(path);
  return { path: PLACES.skill, outcome: "removed", note: "as init wrote it" };
}

async function removeMail(work: Work): Promise<Step[]> {
  const { files, directory, known } = work;
  const path = pathOf(directory, PLACES.mailDirectory);
  if (!await isThere(files, path)) return [];
  const steps = [await attemptStep(PLACES.outbox, () => removeOutbox(work))];
  const keeps = await whatKeeps(work, path);
  if (keeps.length > 0) {
    const shown = keeps.slice(0, SHOWN_MAX).join(", ") +
      (keeps.length > SHOWN_MAX ? ` and ${keeps.length - SHOWN_MAX} more` : "");
    return [...steps, {
      path: PLACES.mailDirectory,
      outcome: "left",
      note: `it holds what init did not put in: ${shown}`,
    }];
  }
  if (!known.made.includes(PLACES.mailDirectory)) {
    return [...steps, { path: PLACES.mailDirectory, outcome: "left", note: "it was there before init" }];
  }
  return [...steps, await attemptStep(PLACES.mailDirectory, () => removeMailDirectory(work, path))];
}

async function removeOutbox({ files, directory, known }: Work): Promise<Step> {
  const path = pathOf(directory, PLACES.outbox);
  if (!known.made.includes(PLACES.outbox) || !await isThere(files, path)) return absent(PLACES.outbox);
  const { sizeBytes } = await files.stat(path);
  if (sizeBytes > 0) return { path: PLACES.outbox, outcome: "left", note: "messages are in it" };
  await files.remove(path);
  return { path: PLACES.outbox, outcome: "removed", note: "it was empty" };
}

/** Names in the mail directory that are not init's. */
async function whatKeeps({ files, directory, known, identity }: Work, path: string): Promise<string[]> {
  const keeps: string[] = [];
  for (const name of await files.list(path)) {
    if (HOUSEKEEPING.includes(name)) continue;
    if (name === "identity.pem" && await isOwnIdentity(known, identity)) continue;
    if (name === ".gitignore" && known.made.includes(PLACES.gitIgnore)) continue;
    if (name === "state") keeps.push(...(await stateNames(files, directory)).map((inner) => `state/${inner}`));
    else keeps.push(name);
  }
  return keeps;
}

async function isOwnIdentity(known: Manifest, identity: PreparationComponents["identity"]): Promise<boolean> {
  try {
    return known.nodeId !== undefined && await identity.current() === known.nodeId;
  } catch (thrown) {
    // A key that cannot be used is not for us to judge, so it is left.
    if (isBarnacleError(thrown, "PERMISSION_DENIED", "SECRET_UNREADABLE")) return false;
    throw thrown;
  }
}

async function stateNames(files: Files, directory: string): Promise<string[]> {
  const { state, file } = manifestPaths(directory);
  return (await files.list(state)).filter((name) => joinPath(state, name) !== file);
}

/** The key goes before the list of what is ours, so that a removal that was cut off can be taken up again. */
async function removeMailDirectory({ files, directory }: Work, path: string): Promise<Step> {
  const { state, file } = manifestPaths(directory);
  const own = [...HOUSEKEEPING, "identity.pem", ".gitignore"].map((name) => joinPath(path, name));
  for (const each of own) await removeIfThere(files, each);
  await removeIfThere(files, file);
  if (await isThere(files, state)) await files.removeDirectory(state);
  await files.removeDirectory(path);
  await files.syncDirectory(directory);
  return {
    path: PLACES.mailDirectory,
    outcome: "removed",
    note: "no mail, contacts or peers were in it; with the identity of init",
  };
}

/** The lock is held while its file goes: whoever opens another one after that finds no directory, and whoever had this one is refused. */
async function removeState({ files, directory, known }: Work): Promise<Step> {
  const place = PLACES.stateDirectory;
  const path = pathOf(directory, place);
  if (!known.made.includes(place) || !await isThere(files, path)) return absent(place);
  const others = (await files.list(path)).filter((name) => !STATE_FILES.includes(name));
  if (others.length > 0) {
    return { path: place, outcome: "left", note: `an agent or hub ran here: ${others.join(", ")}` };
  }
  for (const name of STATE_FILES) await removeIfThere(files, joinPath(path, name));
  await files.removeDirectory(path);
  return { path: place, outcome: "removed", note: "no agent or hub ever ran here" };
}

async function removeIfThere(files: Files, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch (thrown) {
    if (!isBarnacleError(thrown, "FILE_NOT_FOUND")) throw thrown;
  }
}
