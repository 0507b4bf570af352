/**
 * Keeps what `init` put where agents read it: the section about mail in `HEARTBEAT.md`, or in a heartbeat's scratch. Agents may write both,
 * and one that tidies up must not be deaf from then on. Loaded only where there is something to keep.
 *
 * @module
 */
import { isBarnacleError } from "./errors.ts";
import type { Logger } from "./log/mod.ts";
import { absoluteSection, mendHeartbeatFile, mendSection, type Told } from "./mailbox/commands.ts";
import { mailDirectoryPath } from "./mailbox/mod.ts";
import { editGatewayScratch, type SessionComponents } from "./openclaw/instructions/mod.ts";
import { type Gateway, hasPluginEntry, sightOf } from "./openclaw/mod.ts";
import { findTarget, isObstacle, type Target } from "./openclaw/waking/mod.ts";
import type { Runtime } from "./runtime/port.ts";
import { joinPath } from "./store/mod.ts";

/** What keeping works with. */
export interface InstructionsComponents extends SessionComponents, Pick<Runtime, "files" | "random" | "process"> {
  readonly log: Logger;
}

/** Whose instructions are kept. */
export interface InstructionsInit {
  /** The work directory. */
  readonly directory: string;
  readonly agentId?: string | undefined;
  /** What the agent is called here, where it is one of several. */
  readonly id?: string | undefined;
}

/** Whoever takes the section out again and again means it; he is left alone until the next day. */
const RESTORED_MAX_PER_DAY = 3;
const DAY_MS = 24 * 60 * 60_000;
const RESTORED_AGAIN_AFTER_MS = 60 * 60_000;
const PROBLEM_KEY = "instructions";

/** See the module's description. */
export class Instructions {
  readonly #components: InstructionsComponents;
  readonly #init: InstructionsInit;
  #restoredAtMs: number[] = [];

  constructor(components: InstructionsComponents, init: InstructionsInit) {
    this.#components = components;
    this.#init = init;
  }

  /**
   * Looks once, and puts back what is gone, seldom enough. What cannot be done now is told once in the log and left to the next look.
   *
   * @param told where `init` put the section
   * @param gateways of this host as they were found last
   */
  async look(told: Told, gateways: readonly Gateway[]): Promise<void> {
    const { log } = this.#components;
    try {
      const where = await this.#restore(told, gateways);
      if (where !== undefined) {
        this.#restoredAtMs.push(this.#components.clock.monotonicMs());
        log.info("instructions_restored", {
          where,
          message:
            "The section about mail was gone or damaged, and is back; barnacle init --remove takes it out for good",
        });
      }
      log.resolve(this.#problemKey, "instructions_can_be_kept");
    } catch (thrown) {
      if (!isBarnacleError(thrown) || thrown.code === "INTERNAL") throw thrown;
      log.problem(this.#problemKey, "warn", "instructions_not_kept", { error: thrown });
    }
  }

  /** @returns where something was put back */
  async #restore(told: Told, gateways: readonly Gateway[]): Promise<string | undefined> {
    if (!this.#isTime()) return undefined;
    const { agentId, directory, id } = this.#init;
    const found = findTarget(gateways, { directory, agentId, id, hasKey: false });
    const target = isObstacle(found) ? undefined : found;
    // Where no file is read OpenClaw's doctor takes it away; a gateway that does not say what it is may be such a one.
    const readsFile = target === undefined || target.gateway.generation === "heartbeat-file";
    if (!readsFile) return isOf(told, target) ? await this.#restoreScratch(target) : undefined;
    // A gateway whose configuration cannot be read now may have an agent here that reads no file.
    if (told.isInFile !== true || gateways.some(({ agents }) => agents.length === 0)) return undefined;
    const path = joinPath(directory, "HEARTBEAT.md");
    return await mendHeartbeatFile(this.#components, path) ? path : undefined;
  }

  get #problemKey(): string {
    return this.#init.id === undefined ? PROBLEM_KEY : `${PROBLEM_KEY}:${this.#init.id}`;
  }

  #isTime(): boolean {
    const nowMs = this.#components.clock.monotonicMs();
    this.#restoredAtMs = this.#restoredAtMs.filter((atMs) => nowMs - atMs < DAY_MS);
    const lastMs = this.#restoredAtMs.at(-1) ?? Number.NEGATIVE_INFINITY;
    return this.#restoredAtMs.length < RESTORED_MAX_PER_DAY && nowMs - lastMs >= RESTORED_AGAIN_AFTER_MS;
  }

  async #restoreScratch(target: Target): Promise<string | undefined> {
    const { agentId, gateway } = target;
    // At rest nobody reads it; the plugin tells the agent by itself.
    if (gateway.state !== "running" || await hasPluginEntry(this.#components.files, gateway)) return undefined;
    const mailDirectory = mailDirectoryPath(this.#init.directory);
    const agent = gateway.agents.find(({ id }) => id === agentId);
    const section = absoluteSection(agent === undefined ? mailDirectory : sightOf(agent, mailDirectory).mailDirectory);
    const name = `the heartbeat's scratch of ${agentId}`;
    const edited = await editGatewayScratch(
      this.#components,
      target,
      (text) => mendSection(text ?? "", name, section),
    );
    return edited === "changed" ? name : undefined;
  }
}

/** Whether init put the section into the scratch of this very agent. */
function isOf({ scratch }: Told, { agentId, gateway }: Target): boolean {
  return scratch?.agentId === agentId && scratch.stateDirectory === gateway.stateDirectory;
}
