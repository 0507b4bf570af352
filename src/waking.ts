/**
 * Waking, put together: the mail that came, the gateways that were found, and the files between them. Loaded once there is a gateway.
 *
 * @module
 */
import type { LoadedConfig } from "./config/mod.ts";
import type { WakingAnswer } from "./contract/mod.ts";
import { isBarnacleError } from "./errors.ts";
import { type Logger, type Redactor, Secret } from "./log/mod.ts";
import type { MailStart } from "./mail.ts";
import { inboxPaths, mailDirectoryPath } from "./mailbox/mod.ts";
import type { Metrics } from "./metrics/mod.ts";
import type { Gateway } from "./openclaw/mod.ts";
import { readQuietHours, Waker } from "./openclaw/waking/mod.ts";
import type { Files, Runtime } from "./runtime/port.ts";
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
}

/** The waking of this host's agent. */
export interface Waking {
  answer(): WakingAnswer;
  /** The gateways were found to be other than before. */
  gatewaysChanged(): void;
  /** Idempotent. */
  stop(): void;
}

const MS_PER_SECOND = 1_000;
const KEY_BYTES_MAX = 4_096;

/** Starts waking, as the configuration has it. */
export function startWaking(components: WakingComponents, loaded: LoadedConfig, init: WakingInit): Waking {
  const { directory, config: { waking } } = loaded;
  const { gateways, mail } = init;
  const client = components.http.client({});
  const mailDirectory = mailDirectoryPath(directory);
  const { cursor, inbox } = inboxPaths(mailDirectory);
  const admits = (from: string) => waking.admit === "all" || mail.mail?.isContact(from) === true;
  const waker = new Waker({ ...components, fetch: client.fetch }, {
    directory,
    agentId: waking.agentId,
    paths: { inbox, cursor, outbox: joinPath(mailDirectory, "outbox.ndjson") },
    mergeMs: waking.mergeSeconds * MS_PER_SECOND,
    retryMs: waking.retrySeconds * MS_PER_SECOND,
    retriesMax: waking.retriesMax,
    quiet: waking.quietHours === undefined ? undefined : readQuietHours(waking.quietHours),
    mail: { look: async () => await mail.mail?.lookAtUnread(admits) ?? { cursor: 0, unread: 0 } },
    gateways,
    readKey: () => readKey(components, directory),
  });
  mail.onDelivered((from) => {
    if (admits(from)) waker.arrived();
  });
  waker.start();
  return {
    answer: () => waker.answer(),
    gatewaysChanged: () => waker.gatewaysChanged(),
    stop: () => {
      mail.onDelivered(undefined);
      waker.stop();
      client.close();
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
