/** Hunts: mail of one agent in another's inbox, the same message in two, and a sender that is told the wrong thing for good. */
import { describe, expect, test } from "vitest";
import { agentScheduler } from "../../../src/agents/scoped.ts";
import { type Seat, SharedMail } from "../../../src/agents/shared-mail.ts";
import { Writers } from "../../../src/agents/writers.ts";
import { type DeliveryOutcome, type IncomingMessage, Mailbox } from "../../../src/mailbox/mod.ts";
import { createMetrics } from "../../../src/metrics/mod.ts";
import type { Carrier } from "../../../src/moltcomm/mod.ts";
import { type SimHost, SimWorld } from "../../sim/mod.ts";
import { makeBench, RecordingLogger } from "../scheduler/support.ts";

const ME = `ed25519:${"M".repeat(43)}`;
const BOB = `ed25519:${"B".repeat(43)}`;
const CAROL = `ed25519:${"C".repeat(43)}`;
const UUID = "0b5f0d0e-6f0b-4f7c-9d5a-3f1e2d4c5b6a";
const DELIVERED: DeliveryOutcome = { outcome: "delivered" };

/** A mailbox that remembers. */
class FakeSeat implements Seat {
  readonly got: string[] = [];
  readonly blocked = new Set<string>();
  isReady = true;
  reachMs = 1_000;
  write: (recipients: readonly string[]) => Promise<void> = () => Promise.resolve();
  readonly contacts = { addressesOf: () => [], unsealedAtMs: () => undefined };

  deliver({ id }: IncomingMessage): Promise<DeliveryOutcome> {
    if (this.got.includes(id)) return Promise.resolve({ outcome: "duplicate" });
    this.got.push(id);
    return Promise.resolve(DELIVERED);
  }

  knows({ id }: Pick<IncomingMessage, "id">): boolean {
    return this.got.includes(id);
  }

  isBlocked(from: string): boolean {
    return this.blocked.has(from);
  }

  onAccepting(listener: (recipients: readonly string[]) => Promise<void>): void {
    this.write = listener;
  }
}

const message = (id: string, from = BOB): IncomingMessage => ({ from, id, to: ME, msg: "text", receivedAtMs: 0 });

async function makeShared(host = new SimWorld({ seed: 1 }).addHost("alpha")) {
  const { runtime } = host.startIdle();
  host.disk.putDirectory("/work/.moltcomm");
  const log = new RecordingLogger();
  const writers = new Writers({ ...runtime, log }, { directory: "/work/.moltcomm" });
  const shared = new SharedMail({ clock: runtime.clock, writers }, { ownId: "main", ids: ["research"] });
  const [main, research] = [new FakeSeat(), new FakeSeat()];
  await host.world.wait(shared.join(main, ME));
  const wrote = (seat: FakeSeat, ...to: readonly string[]) => host.world.wait(seat.write(to));
  return { host, log, main, research, shared, wrote };
}

describe("a message under a shared identity", () => {
  test("goes to the daemon's own agent when nobody wrote to its sender", async () => {
    const { main, research, shared } = await makeShared();
    shared.take("research", research);
    expect(await shared.deliver(message("one"))).toEqual(DELIVERED);
    expect([main.got, research.got]).toEqual([["one"], []]);
  });

  test("goes to the agent that wrote last to its sender, also after a restart", async () => {
    const { host, main, research, shared, wrote } = await makeShared();
    shared.take("research", research);
    await wrote(research, BOB);
    await shared.deliver(message("one"));
    await shared.deliver(message("of somebody else", CAROL));
    const later = await makeShared(host);
    later.shared.take("research", later.research);
    await later.shared.deliver(message("two"));
    await later.wrote(later.main, BOB);
    await later.shared.deliver(message("three"));
    expect([main.got, research.got]).toEqual([["of somebody else"], ["one"]]);
    expect([later.main.got, later.research.got]).toEqual([["three"], ["two"]]);
  });

  test("goes to the agent that it names, whoever wrote last", async () => {
    const { main, research, shared, wrote } = await makeShared();
    shared.take("research", research);
    await wrote(main, BOB);
    await shared.deliver(message(`${UUID}/research`));
    await wrote(research, BOB);
    await shared.deliver(message(`${UUID}/main`));
    expect([main.got, research.got]).toEqual([[`${UUID}/main`], [`${UUID}/research`]]);
  });

  test("is refused for good when it names nobody here; an id that only looks like it is anybody's", async () => {
    const { main, shared } = await makeShared();
    expect(await shared.deliver(message(`${UUID}/nobody`))).toMatchObject({ outcome: "refused", code: "UNSUPPORTED" });
    expect(await shared.deliver(message("path/nobody"))).toEqual(DELIVERED);
    expect(main.got).toEqual(["path/nobody"]);
  });

  test("waits, and goes to nobody else, while the agent it is for has no mailbox", async () => {
    const { main, research, shared } = await makeShared();
    const again = { outcome: "refused", code: "RATE_LIMIT" };
    expect(await shared.deliver(message(`${UUID}/research`))).toMatchObject(again);
    shared.take("research", research);
    expect(await shared.deliver(message(`${UUID}/research`))).toEqual(DELIVERED);
    shared.leave("research");
    expect(await shared.deliver(message(`${UUID}/research`))).toMatchObject(again);
    expect(main.got).toEqual([]);
  });

  test("that came before is known where it is, though another agent has written to its sender since", async () => {
    const { main, research, shared, wrote } = await makeShared();
    shared.take("research", research);
    await shared.deliver(message("one"));
    await wrote(research, BOB);
    expect(await shared.deliver(message("one"))).toEqual({ outcome: "duplicate" });
    await shared.deliver(message("two"));
    expect([main.got, research.got]).toEqual([["one"], ["two"]]);
  });

  test("waits while one that may have it cannot be asked; other senders' do not", async () => {
    const { main, research, shared, wrote } = await makeShared();
    shared.take("research", research);
    await wrote(research, BOB);
    await wrote(main, BOB);
    research.isReady = false;
    expect(await shared.deliver(message("one"))).toMatchObject({ outcome: "refused", code: "RATE_LIMIT" });
    expect(await shared.deliver(message("two", CAROL))).toEqual(DELIVERED);
    research.isReady = true;
    expect(await shared.deliver(message("one"))).toEqual(DELIVERED);
    expect(main.got).toEqual(["two", "one"]);
  });

  test("of a sender whom its agent blocks is turned away, and taken by one that does not", async () => {
    const { main, research, shared } = await makeShared();
    main.blocked.add(BOB);
    expect(shared.isBlocked(BOB)).toBe(false);
    shared.take("research", research);
    expect(await shared.deliver(message("one"))).toMatchObject({ outcome: "refused", code: "UNSUPPORTED" });
    expect(await shared.deliver(message(`${UUID}/research`))).toEqual(DELIVERED);
    research.blocked.add(BOB);
    expect(shared.isBlocked(BOB)).toBe(true);
  });

  test("between agents of this host stays on it, blocked or not", async () => {
    const { main, research, shared } = await makeShared();
    shared.take("research", research);
    research.blocked.add(ME);
    const sent: string[] = [];
    const node: Carrier = {
      attempt: ({ id }) => {
        sent.push(id);
        return Promise.resolve({ outcome: "delivered" });
      },
      prepare: () => undefined,
      leave: () => Promise.resolve({ outcome: "delivered" }),
      onReachable: () => () => undefined,
      onKept: () => () => undefined,
    };
    const carrier = shared.carrierOf(node);
    const outgoing = { to: ME, id: `${UUID}/research`, msg: "hi" };
    expect(await carrier.attempt(outgoing)).toEqual({ outcome: "delivered" });
    expect(await carrier.attempt(outgoing)).toEqual({ outcome: "delivered" });
    expect(await carrier.attempt({ ...outgoing, id: `${UUID}/nobody` })).toMatchObject({
      outcome: "failed",
      reason: "UNSUPPORTED",
      byRecipient: true,
    });
    await carrier.attempt({ ...outgoing, to: BOB });
    expect([main.got, research.got, sent]).toEqual([[], [outgoing.id], [outgoing.id]]);
  });

  test("counts back as far as the shortest memory of those who can be asked", async () => {
    const { research, shared } = await makeShared();
    research.reachMs = 10;
    shared.take("research", research);
    expect(shared.reachMs).toBe(10);
    research.isReady = false;
    expect(shared.reachMs).toBe(1_000);
  });
});

describe("who wrote last", () => {
  test("holds for this life when the disk does not take it, and mail goes on", async () => {
    const { host, log, research, shared, wrote } = await makeShared();
    shared.take("research", research);
    host.disk.limitFree(0);
    await wrote(research, BOB);
    expect(log.named("agent_writers_not_kept")).toHaveLength(1);
    await shared.deliver(message("one"));
    expect(research.got).toEqual(["one"]);
  });
});

/** Two real mailboxes on one disk. */
async function openMailboxes(host: SimHost) {
  const { process, runtime } = host.startIdle();
  const log = new RecordingLogger();
  const { scheduler } = makeBench();
  const open = async (name: string) => {
    const directory = `/${name}/.moltcomm`;
    host.disk.putDirectory(directory);
    const mailbox = new Mailbox({
      ...runtime,
      log,
      metrics: createMetrics(),
      scheduler: agentScheduler(scheduler, name),
    }, {
      directory,
      nodeId: ME,
      admit: "anyone",
      messageBytesMax: 1_000,
      unreadPerSenderMax: 100,
      unreadMax: 100,
      rememberedMax: 1_000,
      pendingMax: 100,
      giveUpAfterMs: 60_000,
      archive: false,
      inFlightPerRecipient: 4,
    });
    await host.world.wait(mailbox.open());
    return mailbox;
  };
  const writers = new Writers({ ...runtime, log }, { directory: "/main/.moltcomm" });
  const shared = new SharedMail({ clock: runtime.clock, writers }, { ownId: "main", ids: ["research"] });
  const [main, research] = [await open("main"), await open("research")];
  await host.world.wait(shared.join(main, ME));
  shared.take("research", research);
  return { process, shared, writers };
}

test("one id is in one inbox once, over kills and whatever the rule says by then", async () => {
  const host = new SimWorld({ seed: 2 }).addHost("alpha");
  const first = await openMailboxes(host);
  expect(await host.world.wait(first.shared.deliver(message("one")))).toEqual(DELIVERED);
  await host.world.wait(first.writers.wrote("research", [BOB]));
  first.process.kill();
  const second = await openMailboxes(host);
  expect(await host.world.wait(second.shared.deliver(message("one")))).toEqual({ outcome: "duplicate" });
  expect(await host.world.wait(second.shared.deliver(message("two")))).toEqual(DELIVERED);
  const textOf = (name: string) => host.disk.text(`/${name}/.moltcomm/inbox.ndjson`);
  expect(textOf("main")).toContain('"id":"one"');
  expect(textOf("main")).not.toContain('"id":"two"');
  expect(textOf("research")).toContain('"id":"two"');
  expect(textOf("research")).not.toContain('"id":"one"');
});
