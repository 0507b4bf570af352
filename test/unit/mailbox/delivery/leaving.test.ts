/** Hunts: mail that waits at its sender though a relay would keep it, and mail that is lost, doubled or out of order because one did. */
import { describe, expect, test } from "vitest";
import { readDeliveries } from "../../../../src/mailbox/commands.ts";
import { SeededRandom } from "../../../sim/random.ts";
import { NO_TROUBLE, RELAY, SleepingEnd } from "./sleeping-end.ts";
import {
  after,
  DIRECTORY,
  failedBy,
  JOURNAL,
  type MailInit,
  makeBench,
  offer,
  offers,
  ScriptedCarrier,
} from "./support.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

async function makeScene(init: MailInit = {}) {
  const bench = makeBench();
  const far = new SleepingEnd();
  const open = async () => {
    const mail = await bench.open({ ...init, carrier: far });
    mail.dispatcher.start();
    return mail;
  };
  return {
    bench,
    far,
    open,
    mail: await open(),
    texts: (from: number, to: number) => offers(from, to).map(({ msg }) => msg),
  };
}

describe("L1: messages behind one that a relay keeps", () => {
  test("are left with it as they are written, each once and in order, and none waits for its turn", async () => {
    const { bench, far, mail, texts } = await makeScene();
    for (let number = 1; number <= 40; number++) {
      await bench.world.wait(mail.journal.accept([offer(number)]));
      await bench.world.run(5 * MINUTE_MS);
    }
    expect(far.uploads).toEqual(texts(1, 40));
    await bench.world.wait(mail.journal.accept([offer(41)]));
    await bench.world.run(1_000);
    expect(far.uploads).toEqual(texts(1, 41));
    expect([...far.box.values()]).toEqual(texts(1, 41));
  });

  test("are settled by the answers that come when the recipient is back, without another attempt", async () => {
    const { bench, far, mail, texts } = await makeScene();
    await bench.world.wait(mail.journal.accept(offers(1, 100)));
    await bench.world.run(HOUR_MS);
    far.wake(mail.runtime.clock);
    await bench.world.until(() => mail.journal.pending.size === 0, { withinMs: 1_000 });
    expect([far.inbox, far.direct, far.uploads]).toEqual([texts(1, 100), [], texts(1, 100)]);
    await bench.world.wait(mail.journal.accept([offer(101)]));
    await bench.world.run(100);
    expect(far.direct).toEqual(["message 101"]);
  });

  test("are there when the recipient wakes and their sender is gone", async () => {
    const { bench, far, mail, open, texts } = await makeScene();
    await bench.world.wait(mail.journal.accept(offers(1, 20)));
    await bench.world.run(MINUTE_MS);
    mail.process.kill();
    far.wake(mail.runtime.clock);
    expect(far.inbox).toEqual(texts(1, 20));
    const again = await open();
    await bench.world.until(() => again.journal.pending.size === 0);
    expect(far.inbox).toEqual(texts(1, 20));
  });

  test("are left as long as there is room, by number and by bytes; the others wait", async () => {
    const { bench, far, mail, texts } = await makeScene({ messageBytesMax: 100_000 });
    await bench.world.wait(mail.journal.accept(offers(1, 400)));
    await bench.world.run(HOUR_MS);
    expect(far.uploads.length).toBeGreaterThanOrEqual(256);
    expect(far.uploads.length).toBeLessThan(256 + 16);
    far.wake(mail.runtime.clock);
    await bench.world.until(() => mail.journal.pending.size === 0);
    expect(far.inbox).toEqual(texts(1, 400));
    const long = await makeScene();
    await long.bench.world.wait(long.mail.journal.accept(offers(1, 40, "bob", "x".repeat(60_000))));
    await long.bench.world.run(HOUR_MS);
    expect(long.far.uploads.length).toBeGreaterThanOrEqual(17);
    // At the start as many as may be in flight at all.
    const narrow = await makeScene({ inFlightPerRecipient: 2 });
    await narrow.bench.world.wait(narrow.mail.journal.accept(offers(1, 40, "bob", "x".repeat(60_000))));
    await narrow.bench.world.run(HOUR_MS);
    expect(narrow.far.uploads.length).toBeLessThan(21);
  });

  test("are left no more once the relay lets one go for want of room", async () => {
    const { bench, far, mail, texts } = await makeScene({ inFlightPerRecipient: 1 });
    await bench.world.wait(mail.journal.accept(offers(1, 3)));
    await bench.world.run(MINUTE_MS);
    far.dropOldest(mail.runtime.clock);
    await bench.world.run(1_000);
    expect(mail.dispatcher.view.kept).toBe(2);
    await bench.world.wait(mail.journal.accept(offers(4, 6)));
    await bench.world.run(HOUR_MS);
    expect(far.uploads).toEqual(texts(1, 3));
    far.isAwake = true;
    far.show();
    await bench.world.until(() => mail.journal.pending.size === 0);
    expect([...far.inbox].sort()).toEqual(texts(1, 6));
  });
});

describe("a relay that keeps one message", () => {
  test("and no further one is asked ever more seldom to keep all of them", async () => {
    const { bench, far, mail } = await makeScene();
    far.charactersMax = 20;
    await bench.world.wait(mail.journal.accept([offer(1), offer(2, "bob", { msg: "x".repeat(100) })]));
    await bench.world.run(HOUR_MS);
    expect(far.uploads.length).toBeGreaterThan(10);
    expect(far.uploads.length).toBeLessThan(60);
  });

  test("is not asked to keep others as fast as the journal says that it cannot be read", async () => {
    const { bench, mail } = await makeScene({ textCharactersMax: 0 });
    await bench.world.wait(mail.journal.accept(offers(1, 3)));
    await bench.world.run(MINUTE_MS);
    const load = mail.journal.load.bind(mail.journal);
    let loads = 0;
    mail.journal.load = (messages) => ++loads > 1_000 ? new Promise(() => undefined) : load(messages);
    bench.host.disk.break(JOURNAL, { read: "IO_ERROR" });
    await bench.world.wait(mail.journal.accept([offer(4)]));
    await bench.world.run(10 * MINUTE_MS);
    expect(loads).toBeLessThan(40);
    bench.host.disk.mendAll();
    await bench.world.run(10 * MINUTE_MS);
    expect(mail.dispatcher.view.kept).toBe(4);
  });

  test("and then the others leaves no texts in memory that others need", async () => {
    const { bench, far, mail } = await makeScene({ textCharactersMax: 50_000 });
    await bench.world.wait(mail.journal.accept(offers(1, 60, "bob", "x".repeat(10_000))));
    await bench.world.until(() => far.uploads.length === 60);
    await bench.world.run(100);
    expect(mail.journal.textRoom).toBeGreaterThanOrEqual(0);
  });

  test("leaves its recipient, once it is back, to be tried with one message first (D2)", async () => {
    const bench = makeBench();
    let isBack = false;
    const inFlight: number[] = [];
    const carrier = new ScriptedCarrier((_, clock) => {
      if (isBack) inFlight.push(carrier.inFlight);
      return after(clock, 50, isBack ? failedBy("RATE_LIMIT", true) : { ...failedBy("KEPT"), keeper: RELAY });
    });
    const mail = await bench.open({ carrier });
    mail.dispatcher.start();
    await bench.world.wait(mail.journal.accept([offer(1)]));
    await bench.world.run(100);
    await bench.world.wait(mail.journal.accept(offers(2, 40)));
    await bench.world.until(() => carrier.left.length > 0);
    isBack = true;
    carrier.reachable("bob");
    await bench.world.run(300);
    expect(inFlight).toEqual([1]);
  });
});

describe("L2: all goes anew from the oldest on", () => {
  test("over a new connection to the relay, which may have been emptied since", async () => {
    const { bench, far, mail, texts } = await makeScene();
    await bench.world.wait(mail.journal.accept(offers(1, 3)));
    await bench.world.run(MINUTE_MS);
    far.loseConnection();
    await bench.world.wait(mail.journal.accept([offer(4)]));
    await bench.world.run(2_000);
    expect(far.uploads).toEqual([...texts(1, 3), ...texts(1, 4)]);
  });

  test("when the recipient shows that it is back", async () => {
    const { bench, far, mail, texts } = await makeScene();
    await bench.world.wait(mail.journal.accept(offers(1, 5)));
    await bench.world.run(MINUTE_MS);
    far.faults = { ...NO_TROUBLE, directRate: 1 };
    far.isAwake = true;
    far.show();
    await bench.world.until(() => mail.journal.pending.size === 0, { withinMs: 1_000 });
    expect([far.inbox, far.direct, [...far.box.values()]]).toEqual([texts(1, 5), texts(1, 5), texts(1, 5)]);
  });

  test.each<readonly [sign: "delivered" | "refused" | "seen", anew: number]>([
    ["delivered", 2],
    ["refused", 1],
    ["seen", 1],
  ])("when the recipient was back for a moment, and its box is empty: a message was %s", async (sign, anew) => {
    const { bench, far, mail, texts } = await makeScene();
    await bench.world.wait(mail.journal.accept(offers(1, 3)));
    await bench.world.run(MINUTE_MS);
    const [id = ""] = far.box.keys();
    far.box.clear();
    far.uploads.length = 0;
    if (sign === "seen") far.show();
    else far.tell(mail.runtime.clock, { to: "bob", id, what: sign });
    await bench.world.run(5_000);
    await bench.world.wait(mail.journal.accept([offer(4)]));
    await bench.world.run(5_000);
    expect([...far.box.values()]).toEqual(texts(anew, 4));
    expect(far.uploads).toEqual(texts(anew, 4));
  });

  test("twice a day, since a relay lets go what is old", async () => {
    const { bench, far, mail, texts } = await makeScene();
    await bench.world.wait(mail.journal.accept(offers(1, 3)));
    await bench.world.run(25 * HOUR_MS);
    expect(far.uploads).toEqual([...texts(1, 3), ...texts(1, 3), ...texts(1, 3)]);
  });
});

describe("L3: a message that a relay says it keeps", () => {
  test("is not lost with a relay that lies", async () => {
    const { bench, far, mail, texts } = await makeScene();
    far.isLying = true;
    await bench.world.wait(mail.journal.accept(offers(1, 50)));
    await bench.world.run(HOUR_MS);
    far.wake(mail.runtime.clock);
    await bench.world.until(() => mail.journal.pending.size === 0, { withinMs: 6 * MINUTE_MS });
    expect(far.inbox).toEqual(texts(1, 50));
  });

  for (let seed = 1; seed <= 12; seed++) {
    test(`comes once and in order, whoever sleeps, refuses, dies, is cut off or cannot read meanwhile (seed ${seed})`, async () => {
      const bench = makeBench(seed);
      const random = new SeededRandom(seed);
      const far = new SleepingEnd(seed);
      far.faults = { lostRate: 0.01, refusedRate: 0.02, diesRate: 0.02, directRate: 0.3 };
      const start = async () => {
        const inFlightPerRecipient = random.pick([1, 4, 64]);
        const textCharactersMax = random.pick([0, 200, 100_000]);
        const mail = await bench.open({ carrier: far, inFlightPerRecipient, textCharactersMax });
        mail.dispatcher.start();
        return mail;
      };
      let mail = await start();
      let written = 0;
      while (written < 300) {
        const count = random.integer(1, 12);
        await bench.world.wait(mail.journal.accept(offers(written + 1, written + count)));
        written += count;
        await bench.world.run(random.integer(0, random.pick([30, 2_000, 10 * MINUTE_MS])));
        const turn = random.integer(1, 14);
        if (turn <= 3) far.wake(mail.runtime.clock);
        else if (turn <= 6) far.isAwake = false;
        else if (turn === 7) far.show();
        else if (turn === 8) {
          mail.process.kill();
          mail = await start();
        } else if (turn === 9) mail.dispatcher.nudge();
        else if (turn === 10) far.loseConnection();
        else if (turn === 11) far.charactersMax = random.pick([10, Number.POSITIVE_INFINITY]);
        else if (turn === 12) {
          bench.host.disk.break(JOURNAL, { read: "IO_ERROR" });
          await bench.world.run(random.integer(0, MINUTE_MS));
          bench.host.disk.mendAll();
        }
      }
      far.faults = NO_TROUBLE;
      far.charactersMax = Number.POSITIVE_INFINITY;
      far.wake(mail.runtime.clock);
      await bench.world.until(() => mail.journal.pending.size === 0);
      expect(far.inbox).toEqual(offers(1, written).map(({ msg }) => msg));
      expect(mail.dispatcher.view).toMatchObject({ queued: 0, kept: 0, failed: 0 });
    });
  }
});

describe("a message that a relay keeps", () => {
  test("is shown so, with the relay and since when, also by a sender that starts anew; and no more once it is delivered", async () => {
    const { bench, far, mail, open } = await makeScene();
    await bench.world.wait(mail.journal.accept(offers(1, 2)));
    await bench.world.run(1_000);
    const keptAtMs = mail.runtime.clock.wallMs();
    await bench.world.run(2 * HOUR_MS);
    const shown = async () =>
      (await bench.world.wait(readDeliveries(bench.world.createRuntime(bench.host).files, DIRECTORY))).deliveries.map((
        { state, kept },
      ) => [
        state,
        kept?.keeper,
        kept !== null && Math.abs(kept.sinceMs - keptAtMs) < 1_000,
      ]);
    const kept = ["kept", RELAY, true];
    expect(await shown()).toEqual([kept, kept]);
    expect(mail.dispatcher.view).toMatchObject({ queued: 2, kept: 2 });
    expect(mail.metrics.render()).toContain("barnacle_mail_outgoing_kept 2");
    mail.process.kill();
    const again = await open();
    expect(again.dispatcher.view.kept).toBe(2);
    await bench.world.run(MINUTE_MS);
    expect(await shown()).toEqual([kept, kept]);
    far.wake(again.runtime.clock);
    await bench.world.run(10_000);
    expect(await shown()).toEqual([["delivered", undefined, false], ["delivered", undefined, false]]);
    expect(again.dispatcher.view.kept).toBe(0);
  });

  test("makes no recipient unreachable: its relay is named once, and nothing is wrong", async () => {
    const { bench, far, mail } = await makeScene();
    for (let round = 1; round <= 2; round++) {
      far.isAwake = false;
      await bench.world.wait(mail.journal.accept([offer(round)]));
      await bench.world.run(3 * HOUR_MS);
      far.wake(mail.runtime.clock);
      await bench.world.run(MINUTE_MS);
    }
    const named = (name: string) =>
      mail.log.events.filter(({ event }) => event === name).map(({ fields }) => fields["relay"]);
    expect([named("recipient_unreachable"), named("recipient_away")]).toEqual([[], [RELAY.address, RELAY.address]]);
  });
});
