/**
 * Waking, put together: the mail that came, the gateways that were found, and the files between them. Loaded once there is a gateway.
 *
 * @module
 */
import type { LoadedConfig, OtherAgent } from "./config/mod.ts";
import type { WakingAnswer } from "./contract/mod.ts";
import { isBarnacleError } from "./errors.ts";
import { type Logger, type Redactor, Secret } from "./log/mod.ts";
import type { MailStart } from "./mail.ts";
import { inboxPaths, mailDirectoryPath } from "./mailbox/mod.ts";
import type { Metrics } from "./metrics/mod.ts";
import type { Gateway } from "./openclaw/mod.ts";
import { GatewayAccount, readQuietHours, Waker } from "./openclaw/waking/mod.ts";
import type { Files, HttpClient, Runtime } from "./runtime/port.ts";
import type { Scheduler } from "./scheduler/mod.ts";
import { joinPath, workDirectoryPaths } from "./store/mod.ts";

/** What waking works with. */
export interface WakingComponents extends Runtime {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redact: Redactor;
  readonly scheduler: Scheduler;
}

/** Whose mail wakes, and who can be asked to. */
export interface WakingInit {
  readonly mail: MailStart;
  /** As they were found last. */
  readonly gateways: () => readonly Gateway[];
  /** Asks for a look at them. */
  readonly lookAtGateways: () => void;
  /** The other agents whose mail is carried here. */
  readonly others: readonly WokenAgent[];
}

/** Another agent, each with its own mail. */
export interface WokenAgent {
  readonly settings: OtherAgent;
  /** With log, metrics and loop as this agent uses them. */
  readonly components: Pick<WakingComponents, "log" | "metrics" | "scheduler">;
  /** The configuration as it has it. */
  readonly loaded: LoadedConfig;
  /** Calls `listener` once its mail was started, or is already. */
  onStarted(listener: (start: MailStart) => void): void;
}

/** The waking of this host's agents, each for itself. */
export interface Waking {
  /** Of the daemon's own agent. */
  answer(): WakingAnswer;
  /** Of another one; `undefined` while its mail has not started. */
  answerOf(id: string): WakingAnswer | undefined;
  /** The gateways were found to be other than before. */
  gatewaysChanged(): void;
  /** Idempotent. */
  stop(): void;
}

const MS_PER_SECOND = 1_000;
const KEY_BYTES_MAX = 4_096;

/** Starts waking, as the configuration has it. */
export function startWaking(components: WakingComponents, loaded: LoadedConfig, init: WakingInit): Waking {
  const { gateways, lookAtGateways, mail, others } = init;
  const client = components.http.client({});
  const account = new GatewayAccount();
  const shared = { fetch: client.fetch, gateways, lookAtGateways, account, keyDirectory: loaded.directory };
  const otherIds = others.map(({ settings }) => settings.id);
  const own = wake(components, loaded, { ...shared, mail, otherIds });
  const wakers = new Map<string, Woken>();
  let isStopped = false;
  for (const other of others) {
    const { components: theirs, loaded: asTheirs, settings: { id } } = other;
    other.onStarted((start) => {
      if (!isStopped) wakers.set(id, wake({ ...components, ...theirs }, asTheirs, { ...shared, mail: start, id }));
    });
  }
  const all = (): Woken[] => [own, ...wakers.values()];
  return {
    answer: () => own.waker.answer(),
    answerOf: (id) => wakers.get(id)?.waker.answer(),
    gatewaysChanged: () => all().forEach(({ waker }) => waker.gatewaysChanged()),
    stop: () => {
      isStopped = true;
      all().forEach((woken) => woken.stop());
      client.close();
    },
  };
}

interface Woken {
  readonly waker: Waker;
  stop(): void;
}

interface WakeInit extends Pick<WakingInit, "gateways" | "lookAtGateways" | "mail"> {
  readonly fetch: HttpClient["fetch"];
  readonly account: GatewayAccount;
  /** Where the key of the plugin lies. */
  readonly keyDirectory: string;
  /** What another agent is called; the daemon's own is found by its directory. */
  readonly id?: string;
  readonly otherIds?: readonly string[];
}

function wake(components: WakingComponents, loaded: LoadedConfig, init: WakeInit): Woken {
  const { directory, config: { waking } } = loaded;
  const { account, fetch, gateways, id, keyDirectory, mail, otherIds } = init;
  const mailDirectory = mailDirectoryPath(directory);
  const { cursor, inbox } = inboxPaths(mailDirectory);
  const admits = (from: string) => waking.admit === "all" || mail.mail?.isContact(from) === true;
  const waker = new Waker({ ...components, fetch }, {
    directory,
    agentId: waking.agentId,
    ...(id === undefined ? {} : { id }),
    ...(otherIds === undefined ? {} : { otherIds }),
    account,
    paths: { inbox, cursor, outbox: joinPath(mailDirectory, "outbox.ndjson") },
    mergeMs: waking.mergeSeconds * MS_PER_SECOND,
    retryMs: waking.retrySeconds * MS_PER_SECOND,
    retriesMax: waking.retriesMax,
    quiet: waking.quietHours === undefined ? undefined : readQuietHours(waking.quietHours),
    mail: { look: async () => await mail.mail?.lookAtUnread(admits) ?? { cursor: 0, unread: 0 } },
    gateways,
    lookAgain: init.lookAtGateways,
    readKey: () => readKey(components, keyDirectory),
  });
  mail.onDelivered((from) => {
    if (admits(from)) waker.arrived();
  });
  waker.start();
  return {
    waker,
    stop: () => {
      mail.onDelivered(undefined);
      waker.stop();
    },
  };
}

/** The key that the plugin in a gateway shares with us, read anew each time; `undefined` where there is none. */
async function readKey(
  { files, redact }: { readonly files: Pick<Files, "read">; readonly redact: Redactor },
  directory: string,
): Promise<Secret | undefined> {
  const path = joinPath(workDirectoryPaths(directory).stateDirectory, "openclaw.key");
  try {
    const text = new TextDecoder().decode(await files.read(path, KEY_BYTES_MAX)).trim();
    if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
    const key = new Secret(text);
    redact.register(key);
    return key;
  } catch (thrown) {
    // Not there, or not ours to read: the webhook is the other way.
    if (isBarnacleError(thrown)) return undefined;
    throw thrown;
  }
}
