/**
 * The other agents of a host: one daemon carries the mail of several, each with a work directory of its own, under an identity of its own
 * or under the daemon's. Loaded only where there are any.
 *
 * @module
 */
import { type LoadedConfig, loadedForAgent, type OtherAgent as OtherAgentSettings } from "../config/mod.ts";
import type { StatusAnswer, WakingAnswer } from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";
import type { MailActs } from "../mail-routes.ts";
import { assemble, createMail, createMailbox, type MailComponents, type MakeMail, type OwnMail } from "../mail.ts";
import { ensureMailDirectory, mailDirectoryPath } from "../mailbox/mod.ts";
import { OtherAgent } from "./other-agent.ts";
import { agentLog, AgentMetrics, agentScheduler } from "./scoped.ts";
import { SharedMail } from "./shared-mail.ts";
import { Writers } from "./writers.ts";

export type { OtherAgent } from "./other-agent.ts";

/** What the host gives. */
export interface OtherAgentsInit {
  readonly endpointText: string;
}

/** For messages under way, of all of them at once, before the host's own. */
const STOP_TIMEOUT_MS = 2_000;

/** Makes them, and sees to their end; nothing else happens before `start`. To be called before the host's own mail is started. */
export async function createOtherAgents(
  components: MailComponents,
  loaded: LoadedConfig,
  init: OtherAgentsInit,
): Promise<OtherAgents> {
  const { others } = loaded.config.agents;
  const pairs = await Promise.all(others.map(async (agent) => [agent, await loadedForAgent(loaded, agent)] as const));
  const made = new OtherAgents(components, loaded, pairs, init);
  // Closing acts are done in the order of their registration, and whoever shares the host's node goes before it.
  components.scheduler.onStop("mail of other agents", STOP_TIMEOUT_MS, () => made.stop());
  return made;
}

/** See the module's description. */
export class OtherAgents {
  readonly all: readonly OtherAgent[];
  readonly #ownId: string;
  readonly #sharing: SharedMail | undefined;
  #hostMail: OwnMail | undefined;

  constructor(
    components: MailComponents,
    loaded: LoadedConfig,
    agents: readonly (readonly [OtherAgentSettings, LoadedConfig])[],
    { endpointText }: OtherAgentsInit,
  ) {
    this.#ownId = loaded.config.agents.id;
    const shared = agents.flatMap(([{ id, identity }]) => identity === "shared" ? [id] : []);
    if (shared.length > 0) {
      const writers = new Writers(components, { directory: mailDirectoryPath(loaded.directory) });
      this.#sharing = new SharedMail({ ...components, writers }, { ownId: this.#ownId, ids: shared });
    }
    const metrics = new AgentMetrics(components.metrics);
    this.all = agents.map(([agent, theirs]) => {
      const { id, identity } = agent;
      const { log, scheduler } = components;
      return new OtherAgent({
        ...components,
        log: agentLog(log, id),
        metrics: metrics.of(id),
        scheduler: agentScheduler(scheduler, id),
      }, {
        agent,
        loaded: theirs,
        hostDirectory: loaded.directory,
        makeMail: identity === "shared" ? this.#makerOf(id) : undefined,
        endpointText,
      });
    });
  }

  /** Makes the mail of the daemon's own work directory, which the others may share. */
  readonly makeHostMail: MakeMail = async (components, loaded) => {
    this.#hostMail = await createMail(components, loaded, this.#sharing);
    return this.#hostMail;
  };

  /** Begins to start each, for itself. */
  start(): readonly { readonly id: string; failure(): string | undefined }[] {
    for (const agent of this.all) agent.start();
    return this.all.map((agent) => ({ id: agent.settings.id, failure: () => agent.failure() }));
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.all.map((agent) => agent.stop()));
  }

  /** An agent's mail; `undefined` while it has not started. @throws `NOT_FOUND` */
  find(id: string): MailActs | undefined {
    const agent = this.all.find(({ settings }) => settings.id === id);
    if (agent !== undefined) return agent.mail;
    throw new BarnacleError({
      code: "NOT_FOUND",
      action: "Find an agent of this host",
      value: JSON.stringify(id),
      wanted: [this.#ownId, ...this.all.map(({ settings }) => settings.id)].join(", "),
    });
  }

  /** For `GET /status`. */
  answers(wakingOf: (id: string) => WakingAnswer | undefined): NonNullable<StatusAnswer["mail_agents"]> {
    return this.all.map((agent) => agent.answer(wakingOf(agent.settings.id)));
  }

  #makerOf(id: string): MakeMail {
    return async (components, loaded) => {
      const sharing = this.#sharing;
      const host = this.#hostMail;
      if (sharing === undefined || host === undefined) throw this.#identityIsMissing();
      await ensureMailDirectory(components, loaded.directory);
      const mailbox = createMailbox(components, loaded, { nodeId: host.nodeId, sharing, agentId: id });
      return assemble(mailbox, host, {
        start: () => sharing.take(id, mailbox),
        stop: () => sharing.leave(id),
      });
    };
  }

  #identityIsMissing(): BarnacleError {
    return new BarnacleError({
      code: "UNAVAILABLE",
      action: "Share the identity of the daemon's work directory",
      value: "mail there that has not started",
      wanted: "its node",
      hint: "the log says what it waits for",
      retryable: true,
    });
  }
}
