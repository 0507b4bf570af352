/**
 * Wakes the agent whose mail this is when there is some, and makes sure that it looked.
 *
 * The inbox is the truth: what a gateway was told may be lost with it, and "queued" does not mean that the agent ran. So what is unread
 * is counted anew before each call, and a call counts as heeded when the cursor has moved.
 *
 * @module
 */
import type { WakingAnswer } from "../../contract/mod.ts";
import type { CallComponents } from "../../http/mod.ts";
import type { Logger, Secret } from "../../log/mod.ts";
import type { Counter, Metrics } from "../../metrics/mod.ts";
import type { Scheduler, Task } from "../../scheduler/mod.ts";
import { parentPath } from "../../store/mod.ts";
import { type MailSight, sightOf } from "../facts/mod.ts";
import type { Gateway } from "../types.ts";
import { fingerprintOf, GatewayAccount } from "./account.ts";
import { askPlugin, wakeByHook, wakeByPlugin, type WakeResult, type WakingWay } from "./calls.ts";
import { Pace, type PaceInit } from "./pace.ts";
import { quietForMs, type QuietHours } from "./quiet-hours.ts";
import { findTarget, isObstacle, type Obstacle, type Target } from "./target.ts";
import { type PointerPaths, wakeText, wakeTextForTools } from "./text.ts";

/** What a waker works with. */
export interface WakerComponents extends CallComponents {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** The mail as a waker sees it. */
export interface WakerMail {
  /** Looks at the agent's cursor. @returns the cursor, and how many messages are unread that are worth waking for */
  look(): Promise<{ readonly cursor: number; readonly unread: number }>;
}

/** Whom to wake, with what, and when not to. */
export interface WakerInit extends PaceInit {
  readonly mail: WakerMail;
  /** The work directory. */
  readonly directory: string;
  readonly paths: PointerPaths;
  readonly agentId?: string | undefined;
  /** What the agent is called here, where it is one of several: that counts where none works in the directory. */
  readonly id?: string | undefined;
  /** Agents whose mail lies elsewhere. */
  readonly otherIds?: readonly string[] | undefined;
  /** Of the gateways, shared with the wakers of other agents. */
  readonly account?: GatewayAccount | undefined;
  readonly quiet?: QuietHours | undefined;
  /** As they were found last. */
  readonly gateways: () => readonly Gateway[];
  /** Asks for a look at them: mail waits for one that did not run then. */
  readonly lookAgain?: (() => void) | undefined;
  /** The key that our plugin in a gateway knows; `undefined` when there is none. */
  readonly readKey: () => Promise<Secret | undefined>;
}

type Way = { readonly kind: WakingWay; readonly act: (text: string, signal: AbortSignal) => Promise<WakeResult> };

/** What arrives within one moment is one call. */
const GATHER_MS = 20;
/** Where nothing is to be done, whether the agent has read after all is looked at so often. */
const LOOK_MS = 5 * 60_000;
const TASK_TIMEOUT_MS = 45_000;
const PROBLEM_KEY = "waking";

const UNHEEDED: Obstacle = {
  why: "the agent was woken and has not moved its cursor",
  hint:
    "openclaw system heartbeat last says whether it ran: heartbeats may be disabled, or its model may fail; where its workspace moved, " +
    "its session may still work in the old one",
};

/** See the module's description. Does nothing until `start`. */
export class Waker {
  readonly #components: WakerComponents;
  readonly #init: WakerInit;
  readonly #pace: Pace;
  readonly #account: GatewayAccount;
  readonly #calls: Counter;
  #task: Task | undefined;
  #cursor: number | undefined;
  #unread = 0;
  #target: Target | undefined;
  /** What the target sees of its mail. */
  #sight: MailSight | undefined;
  #way: WakingWay | undefined;
  #obstacle: Obstacle | undefined;
  /** What the gateway was like when it answered that trying on is of no use. */
  #stoppedAt: string | undefined;
  #known = "";
  #taken = 0;
  #takenAtMs: number | undefined;
  #nextAtMs: number | undefined;

  constructor(components: WakerComponents, init: WakerInit) {
    this.#components = components;
    this.#init = init;
    this.#pace = new Pace(init);
    this.#account = init.account ?? new GatewayAccount();
    this.#calls = components.metrics.counter(
      "barnacle_waking_calls_total",
      "Calls to wake the agent, by way and outcome.",
      ["way", "outcome"],
    );
  }

  /** Begins to wake. Idempotent. */
  start(): void {
    this.#task ??= this.#components.scheduler.add({
      name: "waking",
      intervalMs: null,
      firstDelayMs: GATHER_MS,
      timeoutMs: TASK_TIMEOUT_MS,
      run: ({ signal }) => this.#run(signal),
    });
  }

  /** Idempotent. */
  stop(): void {
    this.#task?.remove();
    this.#task = undefined;
  }

  /** A message that is worth waking for is in the inbox. */
  arrived(): void {
    this.#pace.arrived();
    this.#task?.nudge({ withinMs: GATHER_MS });
  }

  /** The gateways were found to be other than before. */
  gatewaysChanged(): void {
    this.#task?.nudge({ withinMs: GATHER_MS });
  }

  answer(): WakingAnswer {
    const obstacle = this.#obstacle ?? (this.#isUnheeded ? this.#blame : undefined);
    const { gateway, agentId } = this.#target ?? {};
    return {
      state: this.#state(),
      agent: agentId ?? null,
      gateway: gateway?.baseUrl ?? null,
      way: this.#way ?? null,
      unread: this.#unread,
      woken: this.#taken,
      last_wake: timestampOf(this.#takenAtMs),
      next_wake: timestampOf(this.#nextAtMs),
      unheeded: this.#pace.unheeded,
      problem: obstacle?.why ?? null,
      hint: obstacle?.hint ?? null,
    };
  }

  #state(): WakingAnswer["state"] {
    if (this.#stoppedAt !== undefined || (this.#target === undefined && this.#obstacle !== undefined)) return "stopped";
    if (this.#unread === 0) return "idle";
    return this.#isUnheeded ? "unheeded" : "waiting";
  }

  get #isUnheeded(): boolean {
    return this.#unread > 0 && (this.#isInVain || this.#pace.isUnheeded(this.#components.clock.monotonicMs()));
  }

  /** Of what an agent cannot see it is told once; again would cost its model's turns for nothing. */
  get #isInVain(): boolean {
    return this.#sight?.obstacle !== undefined && this.#pace.unheeded > 0 && !this.#pace.hasNews;
  }

  /** Why a call is not heeded, as far as that can be known. */
  get #blame(): Obstacle {
    return this.#sight?.obstacle ?? UNHEEDED;
  }

  async #run(signal: AbortSignal): Promise<void> {
    await this.#look();
    this.#findTarget(await this.#init.readKey() !== undefined);
    const nextInMs = await this.#wakeIfDue(signal);
    this.#nextAtMs = nextInMs === undefined ? undefined : this.#components.clock.wallMs() + nextInMs;
    // The rhythm starts anew from now on.
    this.#task?.setIntervalMs(null);
    const lookInMs = nextInMs ?? (this.#unread > 0 ? LOOK_MS : undefined);
    if (lookInMs !== undefined) this.#task?.setIntervalMs(Math.max(1, Math.ceil(lookInMs)));
  }

  async #look(): Promise<void> {
    const { cursor, unread } = await this.#init.mail.look();
    const isFirst = this.#cursor === undefined;
    if (!isFirst && cursor !== this.#cursor) {
      this.#pace.read();
      if (this.#isBlamed) this.#clear();
    }
    this.#cursor = cursor;
    this.#unread = unread;
    // What lies there since before this process began may have woken the agent already; what comes now has not.
    if (isFirst && unread > 0 && !this.#pace.hasNews) {
      this.#pace.woken(this.#components.clock.monotonicMs() - this.#init.mergeMs);
    }
    if (unread === 0) {
      this.#pace.read();
      this.#clear();
    }
  }

  #findTarget(hasKey: boolean): void {
    const { agentId, directory, gateways, id, otherIds } = this.#init;
    const found = findTarget(gateways(), { agentId, directory, hasKey, id, otherIds });
    this.#target = isObstacle(found) ? undefined : found;
    const sight = isObstacle(found) ? undefined : this.#sightOf(found);
    // What it was told while it saw nothing was told to nobody.
    if (this.#sight?.obstacle !== undefined && sight?.obstacle === undefined) this.#pace.read();
    this.#sight = sight;
    const known = isObstacle(found) ? found.why : keyOf(found);
    if (known === this.#known) return;
    this.#known = known;
    this.#pace.forgive();
    if (this.#stoppedAt !== known) this.#stoppedAt = undefined;
    if (isObstacle(found)) this.#obstacle = found;
    else if (this.#stoppedAt === undefined) this.#clear();
  }

  /** @returns in how many milliseconds the next call is due; `undefined` when none is */
  async #wakeIfDue(signal: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#components;
    const target = this.#target;
    if (this.#unread === 0 || target === undefined || this.#stoppedAt !== undefined) return undefined;
    if (target.gateway.state !== "running") {
      this.#init.lookAgain?.();
      return this.#hold({ why: `the gateway at ${target.gateway.baseUrl} does not run`, hint: "start it: mail waits" });
    }
    const dueMs = this.#pace.dueMs();
    if (this.#isUnheeded) this.#hold(this.#blame);
    if (this.#isInVain) return undefined;
    if (dueMs === undefined) return undefined;
    const leftMs = Math.max(dueMs, this.#account.notBeforeMs(target.gateway)) - clock.monotonicMs();
    if (leftMs > 0) return leftMs;
    const quietMs = this.#init.quiet === undefined ? 0 : quietForMs(this.#init.quiet, clock.wallMs());
    if (quietMs > 0) return quietMs;
    await this.#wake(target, signal);
    const nextMs = this.#stoppedAt === undefined ? this.#pace.dueMs() : undefined;
    return nextMs === undefined ? undefined : nextMs - clock.monotonicMs();
  }

  async #wake(target: Target, signal: AbortSignal): Promise<void> {
    const way = await this.#findWay(target, signal);
    if ("why" in way) {
      this.#way = undefined;
      this.#stop(way);
      return;
    }
    this.#way = way.kind;
    const result = await way.act(this.#text(), signal);
    this.#calls.increment({ way: way.kind, outcome: result.outcome });
    const nowMs = this.#components.clock.monotonicMs();
    if (result.kind === "taken") return this.#woken(target, result.outcome, nowMs);
    if (result.kind === "failed") {
      this.#pace.failed(nowMs, result.retryAfterMs);
      if (result.retryAfterMs !== undefined) this.#account.hold(target.gateway, nowMs + result.retryAfterMs);
      this.#hold(result);
      return;
    }
    if (result.outcome === "unauthorized" && way.kind === "hook") this.#account.refused(target.gateway, result);
    this.#stop(result);
  }

  /** Paths are those that the agent sees. */
  #text(): string {
    const { paths } = this.#init;
    if (this.#sight?.kind === "tools") return wakeTextForTools(this.#unread);
    const host = parentPath(paths.inbox);
    const seen = (path: string) => (this.#sight?.mailDirectory ?? host) + path.slice(host.length);
    return wakeText(this.#unread, { inbox: seen(paths.inbox), cursor: seen(paths.cursor), outbox: seen(paths.outbox) });
  }

  #sightOf({ agentId, gateway }: Target): MailSight | undefined {
    const agent = gateway.agents.find(({ id }) => id === agentId);
    return agent === undefined ? undefined : sightOf(agent, parentPath(this.#init.paths.inbox));
  }

  /** The plugin needs no other secret than ours, so it comes first. */
  async #findWay({ agentId, gateway, isByPlugin }: Target, signal: AbortSignal): Promise<Way | Obstacle> {
    const { hooks } = gateway;
    const key = await this.#init.readKey();
    const order = { gateway, agentId };
    if (key !== undefined && await askPlugin(this.#components, gateway, key, signal)) {
      return {
        kind: "plugin",
        act: (text, ending) => wakeByPlugin(this.#components, { ...order, text, signal: ending }, key),
      };
    }
    if (isByPlugin) {
      return {
        why: `no agent works in ${this.#init.directory}, and the plugin in the gateway does not answer to our key`,
        hint: "barnacle openclaw install puts it in, or name the agent in waking.agentId",
      };
    }
    const { allowedAgentIds: allowed, token } = hooks;
    if (!hooks.isEnabled || token === undefined) {
      return {
        why: hooks.isEnabled
          ? "the gateway's hook token is not known"
          : "the gateway's webhooks are off, and our plugin is not in it",
        hint: "set hooks.enabled and hooks.token in the gateway's configuration, or install the plugin",
      };
    }
    const refusal = this.#account.refusalOf(gateway);
    if (refusal !== undefined) return refusal;
    if (allowed?.includes(agentId) === false) {
      return {
        why: `hooks.allowedAgentIds of the gateway lacks ${agentId}`,
        hint: `add ${JSON.stringify(agentId)} to it`,
      };
    }
    return {
      kind: "hook",
      act: (text, ending) => wakeByHook(this.#components, { ...order, text, signal: ending }, token),
    };
  }

  #woken({ agentId }: Target, outcome: string, nowMs: number): void {
    const { clock, log } = this.#components;
    this.#pace.woken(nowMs);
    this.#taken++;
    this.#takenAtMs = clock.wallMs();
    if (!this.#isBlamed) this.#clear();
    log.info("agent_woken", {
      agent: agentId,
      way: this.#way,
      outcome,
      unread: this.#unread,
      unheeded: this.#pace.unheeded,
    });
  }

  #stop(obstacle: Obstacle): void {
    this.#stoppedAt = this.#known;
    this.#hold(obstacle);
  }

  #hold({ hint, why }: Obstacle | Extract<WakeResult, { readonly why: string }>): undefined {
    this.#obstacle = { why, hint };
    this.#components.log.problem(PROBLEM_KEY, "warn", "agent_not_woken", { message: `${why}; ${hint}` });
  }

  /** What stands in the way is that calls are not heeded. */
  get #isBlamed(): boolean {
    return this.#obstacle?.why === this.#blame.why;
  }

  #clear(): void {
    if (this.#obstacle === undefined || this.#stoppedAt !== undefined || this.#target === undefined) return;
    this.#obstacle = undefined;
    this.#components.log.resolve(PROBLEM_KEY, "agent_can_be_woken");
  }
}

function keyOf({ agentId, gateway, isByPlugin }: Target): string {
  return `${isByPlugin ? "plugin" : "agent"} ${agentId} ${fingerprintOf(gateway)}`;
}

function timestampOf(unixMs: number | undefined): string | null {
  return unixMs === undefined ? null : new Date(unixMs).toISOString();
}
