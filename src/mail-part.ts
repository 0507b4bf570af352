/**
 * All that a host has of mail: its own agent's, that of its other agents, and the waking of each. What is not wanted is not loaded.
 *
 * @module
 */
import type { OtherAgents } from "./agents/mod.ts";
import type { LoadedConfig } from "./config/mod.ts";
import type { MailAnswer, StatusAnswer, WakingAnswer } from "./contract/mod.ts";
import type { CheckResult } from "./http/mod.ts";
import type { Logger, Redactor } from "./log/mod.ts";
import type { MailActs } from "./mail-routes.ts";
import type { Metrics } from "./metrics/mod.ts";
import type { Gateway } from "./openclaw/mod.ts";
import type { Runtime } from "./runtime/port.ts";
import type { Scheduler } from "./scheduler/mod.ts";
import type { Waking } from "./waking.ts";

/** What mail and waking work with. */
export interface MailPartComponents extends Runtime {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redact: Redactor;
  readonly scheduler: Scheduler;
  /** Undone in reverse order at the end. */
  readonly undo: (() => Promise<void> | void)[];
}

/** What the host gives. */
export interface MailPartInit {
  /** What is left in a work directory for the commands there. */
  readonly endpointText: string;
  /** As they were found last. */
  readonly gateways: () => readonly Gateway[];
  /** Asks for a look at them. */
  readonly lookAtGateways: () => void;
  readonly addCheck: (name: string, check: () => CheckResult) => void;
}

/** The mail of a host. */
export interface MailPart {
  /** An agent's mail, the host's own without an id; `undefined` while it has not started. @throws `NOT_FOUND` */
  find(agentId: string | undefined): MailActs | undefined;
  /** For `GET /status`. */
  answers(): {
    readonly mail: MailAnswer | undefined;
    readonly mail_agents: StatusAnswer["mail_agents"];
    readonly waking: WakingAnswer | undefined;
  };
  /** The gateways were found to be other than before; `undefined` where nobody is to be woken. */
  readonly gatewaysChanged: ((found: readonly Gateway[]) => void) | undefined;
}

/** Starts it. @throws as `startMail` */
export async function startMailPart(
  components: MailPartComponents,
  loaded: LoadedConfig,
  { addCheck, endpointText, gateways, lookAtGateways }: MailPartInit,
): Promise<MailPart> {
  const { agents, waking: { enabled } } = loaded.config;
  let others: OtherAgents | undefined;
  if (agents.others.length > 0) {
    const { createOtherAgents } = await import("./agents/mod.ts");
    const made = await createOtherAgents(components, loaded, { endpointText });
    components.undo.push(() => made.stop());
    others = made;
  }
  const { startMail } = await import("./mail.ts");
  const mail = await startMail(components, loaded, others?.makeHostMail);
  components.undo.push(() => mail.stop());
  const checkOf = (problem: string | undefined): CheckResult =>
    problem === undefined ? { ok: true } : { ok: false, message: problem };
  addCheck("mail", () => checkOf(mail.problem()));
  for (const agent of others?.start() ?? []) addCheck(`mail of ${agent.id}`, () => checkOf(agent.failure()));
  const waking: Waking[] = [];
  let isLoading = false;
  const load = async (): Promise<void> => {
    const { startWaking } = await import("./waking.ts");
    const started = startWaking(components, loaded, { mail, gateways, lookAtGateways, others: others?.all ?? [] });
    waking.push(started);
    components.undo.push(() => started.stop());
  };
  /** Waking is loaded once there is a gateway: most hosts have none. */
  const gatewaysChanged = (found: readonly Gateway[]): void => {
    if (waking.length > 0) return waking[0]?.gatewaysChanged();
    if (isLoading || found.length === 0) return;
    isLoading = true;
    components.scheduler.spawn("waking_start", load);
  };
  return {
    find: (agentId) => agentId === undefined || agentId === agents.id ? mail.mail : others?.find(agentId),
    answers: () => ({
      mail: mail.mail?.answer(),
      mail_agents: others?.answers((id) => waking[0]?.answerOf(id)),
      waking: waking[0]?.answer(),
    }),
    gatewaysChanged: enabled ? gatewaysChanged : undefined,
  };
}
