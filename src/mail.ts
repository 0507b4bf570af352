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
  type Carrier,
  createNode,
  type IncomingMail,
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

/** Mail whose node others share. */
export interface OwnMail extends Mail {
  readonly node: MoltCommNode;
  /** By which all who share the node send. */
  readonly carrier: Carrier;
}

/** What stands between one node and several mailboxes. */
export interface MailFront extends IncomingMail {
  readonly contacts: Pick<Mailbox["contacts"], "addressesOf" | "unsealedAtMs">;
  carrierOf(node: Carrier): Carrier;
}

/** Several mailboxes under one identity. */
export interface MailSharing {
  /** Whether an agent under this identity is called so. */
  isAgent(id: string): boolean;
  /** Takes the mailbox of the work directory, before anything comes in. @throws the errors of `Files` */
  join(mailbox: Mailbox, nodeId: string): Promise<MailFront>;
}

/** Makes the mail of a work directory. @throws as `createMail` */
export type MakeMail = (components: MailComponents, loaded: LoadedConfig) => Promise<Mail>;

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
export async function startMail(
  components: MailComponents,
  loaded: LoadedConfig,
  makeMail: MakeMail = createMail,
): Promise<MailStart> {
  const { log, scheduler } = components;
  let mail: Mail | undefined;
  let problem: string | undefined;
  let onDelivered: ((from: string) => void) | undefined;
  const start = async (): Promise<void> => {
    mail ??= await makeMail(components, loaded);
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
export async function createMail(
  components: MailComponents,
  loaded: LoadedConfig,
  sharing?: MailSharing,
): Promise<OwnMail> {
  await ensureMailDirectory(components, loaded.directory);
  const identity = await loadOrCreateIdentity(components, { directory: loaded.directory });
  const { nodeId } = identity;
  const { moltcomm } = loaded.config;
  const directory = mailDirectoryPath(loaded.directory);
  const mailbox = createMailbox(components, loaded, { nodeId, sharing });
  const front = await sharing?.join(mailbox, nodeId);
  const { contacts } = front ?? mailbox;
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
    incoming: front ?? mailbox,
    agent: `barnacle/${VERSION}`,
    addressesOf: (id) => contacts.addressesOf(id),
    onBusy: () => components.process.expectLoad(),
    sealing: { mode: moltcomm.sealing, unsealedAtMs: (id) => contacts.unsealedAtMs(id) },
    ...relaySource,
  });
  const carrier = front?.carrierOf(node) ?? node;
  const mail = assemble(mailbox, { nodeId, node, carrier }, {
    start: async () => {
      await manifests?.start();
      await node.start();
    },
    stop: async () => {
      manifests?.stop();
      await node.stop();
    },
  });
  return { ...mail, node, carrier };
}

/**
 * The mailbox of a work directory.
 *
 * @param init.agentId whose it is, where several share the identity; the daemon's own agent's by default
 */
export function createMailbox(
  components: MailComponents,
  loaded: LoadedConfig,
  init: { readonly nodeId: string; readonly sharing: MailSharing | undefined; readonly agentId?: string },
): Mailbox {
  const { agents, moltcomm, mailbox: settings } = loaded.config;
  const { agentId = agents.id, nodeId, sharing } = init;
  return new Mailbox(components, {
    ...settings,
    directory: mailDirectoryPath(loaded.directory),
    nodeId,
    giveUpAfterMs: settings.giveUpAfterSeconds * MS_PER_SECOND,
    inFlightPerRecipient: moltcomm.inFlightPerRecipient,
    ...(sharing === undefined ? {} : { isOwnAgent: (id: string) => id !== agentId && sharing.isAgent(id) }),
  });
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

/**
 * A mailbox and the node by which it is reached, as one.
 *
 * @param own what starts and stops with this mailbox alone: its node, unless that is another's
 */
export function assemble(
  mailbox: Mailbox,
  { carrier, node, nodeId }: Pick<OwnMail, "carrier" | "node" | "nodeId">,
  own: { start(): Promise<void> | void; stop(): Promise<void> | void },
): Mail {
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await mailbox.drain();
    await own.stop();
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
    // Only another agent under this identity can write from it.
    isContact: (id) => id === nodeId || mailbox.contacts.isKnown(id),
    lookAtUnread: (isCounted) => mailbox.lookAtUnread(isCounted),
    start: async () => {
      await mailbox.open();
      await own.start();
      mailbox.start(carrier);
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
      kept: deliveries.kept,
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
