/**
 * What this host is told of its surroundings, and who watches it: OpenClaw's gateways, a Monitor, the dead-man's switch. Loaded after the
 * agent answers, because none of it is needed for that.
 *
 * @module
 */
import { BridgeClient, bridgeUrl, type PushMetadata } from "./bridge/mod.ts";
import { type LoadedConfig, readNamedFile } from "./config/mod.ts";
import type { GatewayAnswer, OpenClawMetadataPush, StatusDocument } from "./contract/mod.ts";
import type { DeadmanSwitch } from "./deadman/mod.ts";
import type { Instructions } from "./instructions.ts";
import type { Logger, Redactor } from "./log/mod.ts";
import { readTold } from "./mailbox/commands.ts";
import type { Metrics } from "./metrics/mod.ts";
import { chooseGateway, formatVersion, type Gateway, GatewayWatch, metadataOf } from "./openclaw/mod.ts";
import type { Clock, HttpClient, Runtime } from "./runtime/port.ts";
import type { Scheduler, Task } from "./scheduler/mod.ts";
import type { LocalAnswers } from "./status/mod.ts";

/** What watching works with. */
export interface WatchedComponents extends Runtime {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redact: Redactor;
  readonly scheduler: Scheduler;
}

/** What the other parts of the agent give. */
export interface WatchedInit {
  /** The status of now. */
  readonly document: () => StatusDocument;
  /** The status is published, to a receiver or to our own hub. */
  readonly isPublishing: boolean;
  /** The Monitor of our own process, while it is the Monitor of this host. */
  readonly ownMonitor?: () => PushMetadata | undefined;
  /** Called after each look that found other gateways than the one before. */
  readonly onGateways?: (gateways: readonly Gateway[]) => void;
}

/** The watching parts of a host. */
export interface Watched {
  /** For `GET /status`. */
  answers(): LocalAnswers;
  /** The status was taken by its receiver. */
  published(): void;
  degraded(): void;
  /** The plugin in a gateway told of itself: it knows better than the gateway's files. */
  pushed(metadata: OpenClawMetadataPush): void;
  /** Somebody has reason to believe that the gateways are other than they were found last. */
  lookAtGateways(): void;
  /** The gateways of this host as they were found last; `undefined` before the first look, and where none is looked for. */
  readonly gateways: readonly Gateway[] | undefined;
  /** Idempotent. */
  stop(): void;
}

const MS_PER_SECOND = 1_000;
/** An agent's heartbeat comes every 30 minutes. A minute later does as well, so that it is no wake-up of its own. */
const INSTRUCTIONS_INTERVAL_MS = 15 * 60_000;
const INSTRUCTIONS_FIRST_DELAY_MS = 15_000;
const INSTRUCTIONS_TOLERANCE_MS = 60_000;
const INSTRUCTIONS_TIMEOUT_MS = 60_000;
/** A plugin tells at least every hour; one that is silent for longer is gone. */
const PUSHED_HOLDS_MS = 7_200_000;

/**
 * Starts what the configuration asks for.
 *
 * @throws `SECRET_UNREADABLE`, `CERTIFICATE_INVALID` for the authorities of the dead-man's switch
 */
export async function startWatched(
  components: WatchedComponents,
  loaded: LoadedConfig,
  init: WatchedInit,
): Promise<Watched> {
  const client = components.http.client({});
  const parts = { ...components, fetch: client.fetch };
  let didRun = false;
  const gateways = watchGateways(parts, loaded, (found) => {
    const runs = found.some(({ state }) => state === "running");
    // One that was killed, or had no time left for it, said no word of its end.
    if (didRun && !runs) pushed.forget();
    didRun = runs;
    bridge?.changed();
    init.onGateways?.(found);
  });
  const pushed = new PushedMetadata(components.clock);
  const bridge = connect(parts, loaded, { gateways, pushed }, init);
  const deadman = await armDeadman(components, loaded, init);
  gateways?.start();
  const instructions = keepInstructions(components, loaded, () => gateways === undefined ? [] : gateways.gateways);
  bridge?.start();
  deadman?.part.start();
  return {
    answers: () => ({
      bridge: bridge?.answer(),
      gateways: gateways?.gateways?.map(gatewayAnswerOf),
      deadman: deadman?.part.answer(),
    }),
    published: () => deadman?.part.beat(),
    degraded: () => deadman?.part.degraded(),
    pushed: (metadata) => {
      if (!pushed.take(metadata)) return;
      bridge?.changed();
      // It comes and goes with its gateway.
      gateways?.lookSoon();
    },
    lookAtGateways: () => gateways?.lookSoon(),
    get gateways() {
      return gateways?.gateways;
    },
    stop: () => {
      deadman?.part.stop();
      instructions?.remove();
      bridge?.stop();
      gateways?.stop();
      deadman?.client.close();
      client.close();
    },
  };
}

type Parts = WatchedComponents & { readonly fetch: HttpClient["fetch"] };

function watchGateways(
  parts: Parts,
  { config: { gateway } }: LoadedConfig,
  onChange: (gateways: readonly Gateway[]) => void,
): GatewayWatch | undefined {
  if (!gateway.find) return undefined;
  return new GatewayWatch(parts, {
    stateDirectories: gateway.stateDirectories,
    intervalMs: gateway.intervalSeconds * MS_PER_SECOND,
    onSecret: (secret) => void parts.redact.register(secret),
    onChange,
  });
}

/** Most hosts have nothing to keep: the code for it is loaded where there is. */
function keepInstructions(
  components: WatchedComponents,
  { config: { agents, mailbox, moltcomm, waking }, directory }: LoadedConfig,
  gateways: () => readonly Gateway[] | undefined,
): Task | undefined {
  if (!moltcomm.enabled || !mailbox.keepInstructions) return undefined;
  const keepers = new Map<string, Instructions>();
  const places = [
    { directory, agentId: waking.agentId },
    ...agents.others.map(({ directory: theirs, id }) => ({ directory: theirs, id })),
  ];
  return components.scheduler.add({
    name: "instructions",
    intervalMs: INSTRUCTIONS_INTERVAL_MS,
    firstDelayMs: INSTRUCTIONS_FIRST_DELAY_MS,
    toleranceMs: INSTRUCTIONS_TOLERANCE_MS,
    timeoutMs: INSTRUCTIONS_TIMEOUT_MS,
    run: async () => {
      const found = gateways();
      if (found === undefined) return;
      for (const place of places) {
        const told = await readTold(components.files, place.directory);
        if (told === undefined) continue;
        const { Instructions: Keeper } = await import("./instructions.ts");
        const keeper = keepers.get(place.directory) ?? new Keeper(components, place);
        keepers.set(place.directory, keeper);
        await keeper.look(told, found);
      }
    },
  });
}

/** What a plugin told last, as long as it goes on telling. */
class PushedMetadata {
  readonly #clock: Pick<Clock, "monotonicMs">;
  #last: OpenClawMetadataPush | undefined;
  #atMs = 0;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** @returns whether it says something new. A gateway that says that it stops is from then on what its files say. */
  take(metadata: OpenClawMetadataPush): boolean {
    const isChanged = JSON.stringify(metadata) !== JSON.stringify(this.#last);
    this.#last = metadata.event === "gateway_stop" ? undefined : metadata;
    this.#atMs = this.#clock.monotonicMs();
    return isChanged;
  }

  /** The files say more than somebody who is gone. */
  forget(): void {
    this.#last = undefined;
  }

  current(): OpenClawMetadataPush | undefined {
    return this.#clock.monotonicMs() - this.#atMs < PUSHED_HOLDS_MS ? this.#last : undefined;
  }
}

/** Without a port there is nowhere to look. */
function connect(
  parts: Parts,
  { config: { monitor } }: LoadedConfig,
  { gateways, pushed }: { readonly gateways: GatewayWatch | undefined; readonly pushed: PushedMetadata },
  { ownMonitor }: WatchedInit,
): BridgeClient | undefined {
  if (monitor.client === "off" || (monitor.port === 0 && ownMonitor === undefined)) return undefined;
  const metadata = () => {
    const told = monitor.push ? pushed.current() : undefined;
    if (told !== undefined) return told;
    const gateway = monitor.push ? chooseGateway(gateways?.gateways ?? []) : undefined;
    return gateway === undefined ? undefined : metadataOf(gateway);
  };
  return new BridgeClient(parts, {
    url: bridgeUrl(monitor.port),
    intervalMs: monitor.reportIntervalSec * MS_PER_SECOND,
    isRequired: monitor.client === "on",
    metadata,
    ...(ownMonitor === undefined ? {} : { ownMonitor }),
  });
}

async function armDeadman(
  components: WatchedComponents,
  loaded: LoadedConfig,
  { document, isPublishing }: WatchedInit,
): Promise<{ readonly part: DeadmanSwitch; readonly client: HttpClient } | undefined> {
  const { deadman: { kind, timeoutSeconds, token, url }, openclaw } = loaded.config;
  if (url === undefined) return undefined;
  const { DeadmanSwitch } = await import("./deadman/mod.ts");
  const caPem = await readNamedFile(components.files, loaded, "deadman.caFile");
  const client = components.http.client(caPem === undefined ? {} : { caPem });
  const part = new DeadmanSwitch({ ...components, fetch: client.fetch }, {
    url,
    kind,
    ...(token === undefined ? {} : { token }),
    timeoutMs: timeoutSeconds * MS_PER_SECOND,
    intervalMs: openclaw.intervalSeconds * MS_PER_SECOND,
    isPublishing,
    health: () => document().health,
  });
  return { part, client };
}

function gatewayAnswerOf(gateway: Gateway): GatewayAnswer {
  const { agents, baseUrl, generation, hooks, profile, state, stateDirectory, unknown, version } = gateway;
  return {
    profile: profile ?? null,
    state,
    url: baseUrl,
    state_directory: stateDirectory,
    version: version === undefined ? null : formatVersion(version),
    generation: generation ?? null,
    hooks: hooks.isEnabled && hooks.token !== undefined,
    agents: agents.map(({ id, name, workspace }) => ({ id, name, workspace })),
    unknown: unknown.map(({ what, why }) => ({ what, why })),
  };
}
