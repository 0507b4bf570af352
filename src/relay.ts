/**
 * The relay of a host: identity, members and the relay itself, put together. Loaded only where one runs.
 *
 * @module
 */
import { type LoadedConfig, parseListenAddress, readNamedFile } from "./config/mod.ts";
import { readPeerAddress } from "./contract/mod.ts";
import type { Logger } from "./log/mod.ts";
import type { Metrics } from "./metrics/mod.ts";
import { loadOrCreateIdentity, loadRelay, type RelayMailboxInit, type RelayView } from "./moltcomm/mod.ts";
import type { Files, NatsOptions, Runtime } from "./runtime/port.ts";
import type { Scheduler } from "./scheduler/mod.ts";
import { VERSION } from "./version.ts";

/** What a relay works with. */
export interface RelayHostComponents extends Runtime {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly scheduler: Scheduler;
}

/** A relay that runs. */
export interface RelayHost {
  readonly nodeId: string;
  readonly view: RelayView;
  /** Lets what is queued leave, then closes everything. Idempotent. */
  stop(): Promise<void>;
}

const STOP_TIMEOUT_MS = 1_000;

/**
 * Starts the relay of a work directory, whose lock the caller holds; makes its identity on first use.
 *
 * @throws `ADDRESS_IN_USE` and its like; `PERMISSION_DENIED`, `SECRET_UNREADABLE` for an identity that must not or cannot be used; the
 * errors of `Files`
 */
export async function startRelay(components: RelayHostComponents, loaded: LoadedConfig): Promise<RelayHost> {
  const { relay: settings } = loaded.config;
  components.process.expectLoad();
  const identity = await loadOrCreateIdentity(components, { directory: loaded.directory });
  const { createRelay, MemberList } = await loadRelay();
  const members = settings.access === "open" ? undefined : new MemberList(components, {
    nodeIds: settings.members,
    file: settings.membersFile,
  });
  const relay = createRelay(components, {
    identity,
    listen: parseListenAddress(settings.listen),
    advertise: settings.advertise.flatMap((text) => readPeerAddress(text) ?? []),
    limits: settings,
    members,
    mailbox: await mailboxOf(components, loaded),
    agent: `barnacle/${VERSION}`,
  });
  const stop = async (): Promise<void> => {
    members?.stop();
    await relay.stop();
  };
  try {
    await members?.start();
    await relay.start();
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  components.scheduler.onStop("relay", STOP_TIMEOUT_MS, stop);
  return {
    nodeId: relay.nodeId,
    get view() {
      return relay.view;
    },
    stop,
  };
}

/** How the relay gets its mailbox; `undefined` where it keeps none. */
async function mailboxOf(
  components: RelayHostComponents,
  loaded: LoadedConfig,
): Promise<RelayMailboxInit | undefined> {
  const { relayMailbox: settings } = loaded.config;
  if (!settings.enabled) return undefined;
  const { loadMailbox } = await loadRelay();
  const mailbox = await loadMailbox();
  const { newNodesPerAddressPerDay, natsUrls } = settings;
  const store = natsUrls.length === 0
    ? new mailbox.SqliteStore(components, { path: settings.file, limits: settings })
    : new mailbox.JetStreamStore(components, {
      server: await natsServer(components.files, loaded),
      stream: settings.natsStream,
      replicas: settings.natsReplicas,
      limits: settings,
    });
  return { newNodesPerAddressPerDay, make: (parts) => new mailbox.Mailbox({ ...parts, store }) };
}

/** Which NATS servers, and who we are to them. @throws `SECRET_UNREADABLE` for certificates that cannot be read */
async function natsServer(
  files: Pick<Files, "read">,
  loaded: LoadedConfig,
): Promise<Omit<NatsOptions, "onChange">> {
  const settings = loaded.config.relayMailbox;
  const caPem = await readNamedFile(files, loaded, "relayMailbox.natsCaFile");
  const { natsJwt, natsPassword, natsSeed, natsToken, natsUrls: urls, natsUser: user } = settings;
  return {
    urls,
    name: `barnacle-relay/${VERSION}`,
    ...(user === undefined ? {} : { password: { user, password: natsPassword?.reveal() ?? "" } }),
    ...(natsToken === undefined ? {} : { token: natsToken.reveal() }),
    ...(natsSeed === undefined
      ? {}
      : { nkey: { seed: natsSeed.reveal(), ...(natsJwt === undefined ? {} : { jwt: natsJwt.reveal() }) } }),
    ...(caPem === undefined ? {} : { caPem }),
  };
}
