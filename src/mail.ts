/**
 * Mail: the node and the mailbox, which know nothing of each other, put together. Loaded only where mail is on.
 *
 * @module
 */
import type { LoadedConfig } from "./config/mod.ts";
import {
  type ArchiveAnswer,
  formatPeerAddress,
  type MailAnswer,
  type PeerAddress,
  type PeerAnswer,
  type PingAnswer,
  readPeerAddress,
  type RelayAnswer,
} from "./contract/mod.ts";
import { BarnacleError, isBarnacleError, toBarnacleError } from "./errors.ts";
import type { Logger } from "./log/mod.ts";
import type { MailActs } from "./mail-routes.ts";
import { type ArchiveResult, ensureMailDirectory, Mailbox, mailDirectoryPath } from "./mailbox/mod.ts";
import type { Metrics } from "./metrics/mod.ts";
import {
  announcesSealing,
  createNode,
  type KnownRelayView,
  loadOrCreateIdentity,
  ManifestClient,
  type MoltCommNode,
  type NodeInit,
  type PeerView,
} from "./moltcomm/mod.ts";
import type { Runtime } from "./runtime/port.ts";
import type { Scheduler } from "./scheduler/mod.ts";
import { baseName } from "./store/mod.ts";
import { VERSION } from "./version.ts";

/** What mail works with. */
export interface MailComponents extends Runtime {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly scheduler: Scheduler;
}

/** The mail of a host. */
export interface Mail extends MailActs {
  readonly nodeId: string;
  /** For `GET /status`. */
  answer(): MailAnswer;
  /** Why mail does not work, for people; `undefined` when it does. */
  problem(): string | undefined;
  /** Calls `listener` when a message came that is durable in the inbox. */
  onDelivered(listener: ((from: string) => void) | undefined): void;
  /** Whether a node is a contact that is not blocked. */
  isContact(nodeId: string): boolean;
  /** Looks at the agent's cursor. @returns it, and the unread messages of the senders that count */
  lookAtUnread(isCounted: (from: string) => boolean): Promise<{ readonly cursor: number; readonly unread: number }>;
  /** Listens, connects, sends and takes. @throws `ADDRESS_IN_USE` and its like, and the errors of `Files` */
  start(): Promise<void>;
  /** Lets what is under way end, then closes everything. Idempotent. */
  stop(): Promise<void>;
}

/** A start of mail that may have to wait for the disk. */
export interface MailStart {
  /** `undefined` until it has been made. */
  readonly mail: Mail | undefined;
  /** Calls `listener` with the sender when a message came that is durable in the inbox, also of mail that starts later. There is one. */
  onDelivered(listener: ((from: string) => void) | undefined): void;
  /** Why mail does not work, for people; `undefined` when it does. */
  problem(): string | undefined;
  /** Ends mail, or the attempts to start it. Idempotent. */
  stop(): Promise<void>;
}

const MS_PER_SECOND = 1_000;
/** For messages under way, and their files, between the agent's `draining` and its `offline`. */
const STOP_TIMEOUT_MS = 2_000;
/** All of it, on a disk that hangs: the process has to end within 5 s, and what is promised is durable at any moment. */
const STOP_MAX_MS = 3_000;
const START_AGAIN_MS = 10_000;
const START_TIMEOUT_MS = 60_000;

/**
 * Starts mail. A disk that takes nothing now does not keep the agent from starting: mail is tried again until it does.
 *
 * @throws what `createMail` and `Mail.start` throw, but `DISK_FULL` and `IO_ERROR`
 */
export async function startMail(components: MailComponents, loaded: LoadedConfig): Promise<MailStart> {
  const { log, scheduler } = components;
  let mail: Mail | undefined;
  let problem: string | undefined;
  let onDelivered: ((from: string) => void) | undefined;
  const start = async (): Promise<void> => {
    mail ??= await createMail(components, loaded);
    mail.onDelivered(onDelivered);
    await mail.start();
    problem = undefined;
  };
  try {
    await start();
  } catch (thrown) {
    if (!isBarnacleError(thrown, "DISK_FULL", "IO_ERROR")) {
      await mail?.stop();
      throw thrown;
    }
    problem = `mail has not started: ${thrown.message} (${thrown.code})`;
    log.problem("mail", "error", "mail_not_started", { error: thrown });
    const task = scheduler.add({
      name: "mail_start",
      intervalMs: START_AGAIN_MS,
      firstDelayMs: START_AGAIN_MS,
      timeoutMs: START_TIMEOUT_MS,
      run: async () => {
        await start();
        log.resolve("mail", "mail_started");
        task.remove();
      },
    });
  }
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => stopped ??= endWithin(components, mail?.stop() ?? Promise.resolve());
  scheduler.onStop("mail", STOP_TIMEOUT_MS, stop);
  return {
    get mail() {
      return mail;
    },
    onDelivered: (listener) => {
      onDelivered = listener;
      mail?.onDelivered(listener);
    },
    problem: () => problem ?? mail?.problem(),
    stop,
  };
}

/** Waits for the end of mail, but not for ever. */
function endWithin({ clock, log }: MailComponents, ending: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(STOP_MAX_MS, () => {
      log.warn("mail_stop_incomplete", { message: "The disk does not answer; nothing that was acknowledged is lost" });
      resolve();
    });
    ending.then(() => {
      timer.cancel();
      resolve();
    }, (thrown: unknown) => {
      timer.cancel();
      reject(thrown as Error);
    });
  });
}

/**
 * Makes the mail of a work directory, whose lock the caller holds; makes its identity on first use. It does nothing before `start`.
 *
 * @throws `PERMISSION_DENIED`, `SECRET_UNREADABLE` for an identity that must not or cannot be used, and the errors of `Files`
 */
async function createMail(components: MailComponents, loaded: LoadedConfig): Promise<Mail> {
  await ensureMailDirectory(components, loaded.directory);
  const identity = await loadOrCreateIdentity(components, { directory: loaded.directory });
  const { moltcomm, mailbox: settings } = loaded.config;
  const directory = mailDirectoryPath(loaded.directory);
  const mailbox = new Mailbox(components, {
    ...settings,
    directory,
    nodeId: identity.nodeId,
    giveUpAfterMs: settings.giveUpAfterSeconds * MS_PER_SECOND,
    inFlightPerRecipient: moltcomm.inFlightPerRecipient,
  });
  const manifests = createManifests(components, loaded, directory);
  const relaySource: Pick<NodeInit, "relaySource"> = manifests === undefined ? {} : { relaySource: manifests };
  const node = createNode(components, {
    identity,
    directory,
    listen: peerAddress(moltcomm.listen),
    isListenDefault: loaded.origins.get("moltcomm.listen")?.kind === "default",
    advertise: moltcomm.advertise.map(peerAddress),
    bootstrap: moltcomm.bootstrap.map(peerAddress),
    relays: moltcomm.relays.map(peerAddress),
    relayConnections: moltcomm.relayConnections,
    reachable: moltcomm.reachable,
    limits: { ...moltcomm, requestTimeoutMs: moltcomm.requestTimeoutSeconds * MS_PER_SECOND },
    incoming: mailbox,
    agent: `barnacle/${VERSION}`,
    addressesOf: (nodeId) => mailbox.contacts.addressesOf(nodeId),
    onBusy: () => components.process.expectLoad(),
    sealing: { mode: moltcomm.sealing, unsealedAtMs: (nodeId) => mailbox.contacts.unsealedAtMs(nodeId) },
    ...relaySource,
  });
  return assemble(identity.nodeId, mailbox, node, manifests);
}

/** Relays from manifests, where somebody is trusted to name them. */
function createManifests(
  components: MailComponents,
  { config: { moltcomm: { manifestPub: pub, manifestSources: sources } } }: LoadedConfig,
  directory: string,
): ManifestClient | undefined {
  if (pub === undefined || sources.length === 0) return undefined;
  return new ManifestClient(components, { directory, pub, sources });
}

function assemble(
  nodeId: string,
  mailbox: Mailbox,
  node: MoltCommNode,
  manifests: ManifestClient | undefined,
): Mail {
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await mailbox.drain();
    manifests?.stop();
    await node.stop();
    await mailbox.stop();
  };
  return {
    nodeId,
    answer: () => answerOf(nodeId, mailbox, node),
    problem: () => mailbox.view.failing,
    peers: () => ({ peers: node.peers().map(peerAnswerOf), relays: node.view.relays.map(relayAnswerOf) }),
    ping: (peer) => ping(peer, mailbox, node),
    archive: async () => archiveAnswerOf(await mailbox.archive()),
    onDelivered: (listener) => mailbox.onDelivered(listener),
    isContact: (id) => mailbox.contacts.isKnown(id),
    lookAtUnread: (isCounted) => mailbox.lookAtUnread(isCounted),
    start: async () => {
      await mailbox.open();
      await manifests?.start();
      await node.start();
      mailbox.start(node);
    },
    stop: () => stopped ??= stop(),
  };
}

function answerOf(nodeId: string, mailbox: Mailbox, node: MoltCommNode): MailAnswer {
  const { inbox, deliveries, failing } = mailbox.view;
  const { address, connections, peers, reachable, relays } = node.view;
  return {
    node_id: nodeId,
    address: address === undefined ? null : formatPeerAddress({ scheme: "tcp", ...address }),
    peers: peers.known,
    connections: connections.accepted + connections.dialled,
    relays: relays.map(relayAnswerOf),
    reachable,
    inbox: {
      last_seq: inbox.lastSeq,
      cursor: inbox.cursor,
      unread: inbox.unread,
      problem: inbox.failing ?? null,
    },
    outbox: {
      queued: deliveries.queued,
      in_flight: deliveries.inFlight,
      delivered: deliveries.delivered,
      failed: deliveries.failed,
      problem: failing === inbox.failing ? null : failing ?? null,
    },
  };
}

/** The configuration has checked it; a bare `HOST:PORT` is tcp. */
function peerAddress(text: string): PeerAddress {
  const address = readPeerAddress(text) ?? readPeerAddress(`tcp://${text}`);
  if (address !== undefined) return address;
  throw new BarnacleError({ code: "INTERNAL", action: "Read a peer's address", value: JSON.stringify(text) });
}

async function ping(peer: string, mailbox: Mailbox, node: MoltCommNode): Promise<PingAnswer> {
  const nodeId = mailbox.resolve(peer);
  try {
    const { roundTripMs } = await node.ping(nodeId);
    return { node_id: nodeId, round_trip_ms: roundTripMs };
  } catch (thrown) {
    const { code, value, hint } = toBarnacleError(thrown, "Ping");
    throw new BarnacleError({
      code: "REMOTE_FAILURE",
      action: `Ping ${JSON.stringify(peer)}`,
      value: value ?? code,
      wanted: "an answer",
      ...(hint === undefined ? {} : { hint }),
      retryable: true,
      cause: thrown,
    });
  }
}

function peerAnswerOf(peer: PeerView): PeerAnswer {
  return {
    node_id: peer.nodeId,
    addresses: [...peer.addresses],
    agent: peer.agent ?? null,
    sealing: announcesSealing(peer.agent),
    connected: peer.connected,
    relay: peer.relay ?? null,
    last_handshake: peer.lastHandshakeAtMs === null ? null : new Date(peer.lastHandshakeAtMs).toISOString(),
    record_expires: new Date(peer.recordExpiresAtMs).toISOString(),
  };
}

function relayAnswerOf(relay: KnownRelayView): RelayAnswer {
  return {
    address: relay.address,
    node_id: relay.nodeId ?? null,
    pinned: relay.isPinned,
    state: relay.state,
    round_trip_ms: relay.roundTripMs ?? null,
  };
}

function archiveAnswerOf(result: ArchiveResult): ArchiveAnswer {
  return result.outcome === "archived"
    ? { archived: baseName(result.file) }
    : { archived: null, reason: result.detail };
}
