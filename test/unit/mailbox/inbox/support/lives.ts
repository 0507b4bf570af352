/** An inbox on a simulated host: its lives, what its disk holds, and the messages it gets. */
import { Inbox, type InboxInit } from "../../../../../src/mailbox/inbox/mod.ts";
import type { DeliveryOutcome, InboxLine, IncomingMessage } from "../../../../../src/mailbox/types.ts";
import { createMetrics, type Metrics } from "../../../../../src/metrics/mod.ts";
import type { Files, Runtime } from "../../../../../src/runtime/port.ts";
import { type SimHost, type SimProcess, SimWorld, type WorldInit } from "../../../../sim/mod.ts";
import { RecordingLogger } from "../../../store/support/recording-logger.ts";

export const DIRECTORY = "/work/.moltcomm";
export const INBOX = `${DIRECTORY}/inbox.ndjson`;
export const CURSOR = `${DIRECTORY}/inbox.cursor`;
export const STATE = `${DIRECTORY}/state/inbox.json`;
export const ARCHIVE = `${DIRECTORY}/archive`;
export const NODE_ID = "ed25519:me";
const DAY_MS = 86_400_000;

export interface Life {
  readonly inbox: Inbox;
  readonly log: RecordingLogger;
  readonly metrics: Metrics;
  readonly process: SimProcess;
  readonly runtime: Runtime;
}

export const INIT: InboxInit = {
  directory: DIRECTORY,
  nodeId: NODE_ID,
  messageBytesMax: 65_536,
  unreadPerSenderMax: 1_000,
  unreadMax: 10_000,
  rememberedMax: 100_000,
  rememberForMs: 7 * DAY_MS,
  archive: true,
};

export interface Setting {
  readonly world: SimWorld;
  readonly host: SimHost;
}

export function setUp(init: WorldInit = { seed: 1 }): Setting {
  const world = new SimWorld(init);
  const host = world.addHost("alpha");
  host.disk.putDirectory(DIRECTORY);
  return { world, host };
}

/** Starts a process with an inbox that is not open yet. @param wrap puts something between the inbox and the disk */
export function begin(
  { host }: Setting,
  init: Partial<InboxInit> = {},
  wrap: (files: Files) => Files = (files) => files,
): Life {
  const { process, runtime } = host.startIdle();
  const log = new RecordingLogger();
  const metrics = createMetrics();
  const { clock, random, crypto } = runtime;
  const inbox = new Inbox({ files: wrap(runtime.files), clock, random, crypto, log, metrics }, { ...INIT, ...init });
  return { inbox, log, metrics, process, runtime };
}

/** As `begin`, and opens the inbox. */
export async function live(setting: Setting, init: Partial<InboxInit> = {}): Promise<Life> {
  const life = begin(setting, init);
  await setting.world.wait(life.inbox.open());
  return life;
}

/** Closes the inbox and ends its process. */
export async function end({ world }: Setting, { inbox, process }: Life): Promise<void> {
  await world.wait(inbox.close());
  process.kill();
}

export function message(id: string | number, init: Partial<IncomingMessage> = {}): IncomingMessage {
  return {
    from: "ed25519:bob",
    id: `id-${id}`,
    to: NODE_ID,
    msg: `message ${id}`,
    receivedAtMs: 1_770_000_000_000,
    ...init,
  };
}

/** Delivers them all at once. */
export async function deliver(
  { world }: Setting,
  { inbox }: Life,
  ...messages: readonly IncomingMessage[]
): Promise<DeliveryOutcome[]> {
  return await world.wait(Promise.all(messages.map((one) => inbox.deliver(one))));
}

/** The outcomes' names. */
export async function outcomes(
  setting: Setting,
  life: Life,
  ...messages: readonly IncomingMessage[]
): Promise<string[]> {
  return (await deliver(setting, life, ...messages)).map(({ outcome }) => outcome);
}

/** The inbox's lines as they are on the disk; throws for one that is no JSON. */
export function lines({ host }: Setting, path = INBOX): InboxLine[] {
  const text = host.disk.text(path) ?? "";
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as InboxLine);
}

/** `seq id` of each line. */
export function summary(setting: Setting, path = INBOX): string[] {
  return lines(setting, path).map(({ seq, id }) => `${seq} ${id}`);
}

/** Events of a kind. */
export function events({ log }: Life, event: string) {
  return log.events.filter((one) => one.event === event);
}
