/** Hunts: mistakes in the node's small parts that whole nodes would show only rarely. */
import { describe, expect, test } from "vitest";
import { AT_ONCE_BYTES_MAX, DELIVERY_BYTES_MAX, READ_AHEAD_ALL_BYTES_MAX } from "../../../../src/moltcomm/bounds.ts";
import { Link, type LinkOwner } from "../../../../src/moltcomm/link.ts";
import { PeerRoll } from "../../../../src/moltcomm/peer-roll.ts";
import { Reading, type ReadingWork } from "../../../../src/moltcomm/reading.ts";
import { remoteKeyOf } from "../../../../src/moltcomm/remote-key.ts";
import { ReplayMemory } from "../../../../src/moltcomm/replay-memory.ts";
import { Turns } from "../../../../src/moltcomm/turns.ts";
import type { Connection } from "../../../../src/runtime/port.ts";
import { SimClock } from "../../../sim/clock.ts";
import { SeededRandom } from "../../../sim/random.ts";

describe("remoteKeyOf", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::1", "::1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"],
    ["2001:0db8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("of %s is %s", (host, key) => expect(remoteKeyOf(host)).toBe(key));
});

describe("ReplayMemory", () => {
  test("remembers at least as long as it says, and no more than it may", async () => {
    const clock = new SimClock();
    const memory = new ReplayMemory({ clock }, { keepMs: 1_000, entriesMax: 100 });
    memory.add("a", "1");
    await clock.advance(999);
    memory.add("a", "2");
    expect([memory.has("a", "1"), memory.has("b", "1"), memory.has("a", "3")]).toEqual([true, false, false]);
    await clock.advance(1_001);
    memory.add("a", "3");
    await clock.advance(1_001);
    memory.add("a", "4");
    expect([memory.has("a", "1"), memory.has("a", "3"), memory.has("a", "4")]).toEqual([false, true, true]);
    for (let index = 0; index < 1_000; index++) memory.add("x", `${index}`);
    const kept = Array.from({ length: 1_000 }, (_, index) => memory.has("x", `${index}`)).filter(Boolean).length;
    expect(kept).toBeGreaterThanOrEqual(50);
    expect(kept).toBeLessThanOrEqual(100);
  });
});

describe("PeerRoll", () => {
  const peer = (name: string) => ({
    record: { peer_id: name, addrs: [], ts: 0, expires: 0, pub: "", sig: "" },
    metAtMs: undefined,
    agent: undefined,
  });

  test("chooses each peer at most once, and all of a few", () => {
    const roll = new PeerRoll({ random: new SeededRandom(1) });
    for (let size = 0; size < 40; size++) {
      const names = roll.choose(100, () => true).map(({ record }) => record.peer_id);
      expect([...names].sort()).toEqual(Array.from({ length: size }, (_, index) => `${index}`).sort());
      roll.set(peer(`${size}`));
    }
  });

  test("keeps its places right whatever is taken out", () => {
    const random = new SeededRandom(2);
    const roll = new PeerRoll({ random });
    const model = new Set<string>();
    for (let step = 0; step < 2_000; step++) {
      const name = `${Math.floor(random.unit() * 50)}`;
      if (random.unit() < 0.5) {
        roll.set(peer(name));
        model.add(name);
      } else {
        roll.delete(name);
        model.delete(name);
      }
      expect(roll.size).toBe(model.size);
      expect(roll.get(name) !== undefined).toBe(model.has(name));
    }
    expect(roll.all.map(({ record }) => record.peer_id).sort()).toEqual([...model].sort());
  });
});

const owner: LinkOwner = { onReadable() {}, onDrained() {}, onCorked() {}, onClosed() {} };
const LINK_INIT = { origin: "accepted", nowMs: 0, maxFrameBytes: 1_000, paceBurst: 100 } as const;

/** A connection that does nothing but note what it is told. */
class IdleConnection implements Connection {
  readonly remote = { host: "192.0.2.1", port: 1 };
  readonly local = { host: "192.0.2.2", port: 2 };
  readonly bufferedBytes = 0;
  readonly calls: string[] = [];
  onResume: () => void = () => undefined;

  write = (): boolean => true;
  end = (): void => undefined;
  destroy = (): void => undefined;

  pause(): void {
    this.calls.push("pause");
  }

  /** As an adapter that read ahead: what it holds is handed over within the call. */
  resume(): void {
    this.onResume();
    this.calls.push("resume");
  }
}

describe("Link", () => {
  test("stays paused when what it is given on resuming is too much again", () => {
    const link = new Link(owner, LINK_INIT);
    const connection = new IdleConnection();
    link.open(connection);
    connection.onResume = () => link.pause();
    link.pause();
    link.resume();
    expect(connection.calls).toEqual(["pause", "resume", "pause"]);
    connection.onResume = () => undefined;
    link.resume();
    expect(connection.calls).toEqual(["pause", "resume", "pause", "resume"]);
  });
});

describe("Reading", () => {
  class FullLink extends Link {
    bytes = 0;

    override get bufferedBytes(): number {
      return this.bytes;
    }
  }

  function makeReading() {
    const events: string[] = [];
    const links = { all: new Set<Link>() };
    const names = new Map<Link, string>();
    const note = (event: string) => (link: Link): void => void events.push(`${event} ${names.get(link)}`);
    const work: ReadingWork = {
      queue: note("queue"),
      rest: note("rest"),
      receive: note("receive"),
      tooLarge: note("tooLarge"),
      finished: note("finished"),
      overfull: note("overfull"),
    };
    const reading = new Reading({ clock: new SimClock(), links }, { framesPerSecond: 100, work });
    const link = (name: string): FullLink => {
      const made = new FullLink(owner, LINK_INIT);
      made.open(new IdleConnection());
      links.all.add(made);
      names.set(made, name);
      return made;
    };
    return { events, reading, link };
  }

  test("reads nobody while all together have too much on its way to the inbox, and everybody afterwards", () => {
    const { events, reading, link } = makeReading();
    const [greedy, other] = [link("greedy"), link("other")];
    reading.delivering(greedy, DELIVERY_BYTES_MAX);
    reading.read(other, 1);
    expect([other.work, events]).toEqual(["held", []]);
    reading.delivered(greedy, DELIVERY_BYTES_MAX);
    expect([other.work, events]).toEqual(["none", ["queue other"]]);
  });

  test("gives up the link that holds most when all together hold too much", () => {
    const { events, reading, link } = makeReading();
    const [fat, fatter, thin] = [link("fat"), link("fatter"), link("thin")];
    fat.bytes = READ_AHEAD_ALL_BYTES_MAX / 2 - 1;
    fatter.bytes = READ_AHEAD_ALL_BYTES_MAX / 2;
    thin.bytes = 2;
    for (const each of [fat, fatter, thin]) reading.readable(each);
    expect(events.filter((event) => event.startsWith("overfull"))).toEqual(["overfull fatter"]);
    reading.closed(fatter);
    reading.readable(thin);
    expect(events.filter((event) => event.startsWith("overfull")).length).toBe(1);
  });
});

describe("Turns", () => {
  function makeTurns() {
    const clock = new SimClock();
    const order: string[] = [];
    const left = new Map<Link, number>();
    const names = new Map<Link, string>();
    const turns: Turns<string> = new Turns<string>({ clock }, {
      read: (link, quota) => {
        const count = Math.min(quota, left.get(link) ?? 0);
        left.set(link, (left.get(link) ?? 0) - count);
        order.push(`${names.get(link)}${count}`);
        if ((left.get(link) ?? 0) > 0) turns.queue(link);
        return count;
      },
      answer: (answer) => {
        if (answer === "throw") throw new Error("a mistake");
        order.push(answer);
      },
      finish: () => order.push("|"),
      failed: () => order.push("failed"),
    });
    const link = (name: string, frames: number): Link => {
      const made = new Link(owner, LINK_INIT);
      names.set(made, name);
      left.set(made, frames);
      return made;
    };
    return { clock, order, turns, link };
  }

  test("take some of each, so that one with many frames delays one with few by no more than its share", async () => {
    const { clock, order, turns, link } = makeTurns();
    turns.queue(link("flood", 100));
    turns.queue(link("few", 2));
    turns.queue(link("other", 3));
    await clock.advance(0);
    expect(order.slice(0, 4)).toEqual(["flood5", "few2", "other3", "flood6"]);
    expect(order.filter((entry) => entry === "|").length).toBe(7);
  });

  test("are bounded for answers too, and one that fails spoils no other", async () => {
    const { clock, order, turns } = makeTurns();
    turns.answer("throw");
    for (let index = 0; index < 20; index++) turns.answer(`${index}`);
    await clock.advance(0);
    expect(order.indexOf("failed")).toBe(0);
    expect(order.indexOf("|")).toBe(16);
    expect(order.filter((entry) => /^\d/.test(entry)).length).toBe(20);
  });

  test("answers and links with little to read do not wait for the next turn, as long as this one has not done its share", async () => {
    const { clock, order, turns, link } = makeTurns();
    const full = link("full", 100);
    full.onData(new Uint8Array(AT_ONCE_BYTES_MAX + 1));
    turns.queue(full);
    await Promise.resolve();
    expect(order).toEqual([]);
    turns.answer("one");
    turns.answer("two");
    turns.queue(link("few", 2));
    await Promise.resolve();
    expect(order).toEqual(["one", "two", "full8", "few2", "full6", "|"]);
    for (let index = 0; index < 20; index++) turns.answer(`${index}`);
    turns.queue(link("late", 1));
    await Promise.resolve();
    // Nothing is left for frames, and for fourteen answers only.
    expect(order.slice(6)).toEqual([...Array.from({ length: 14 }, (_, index) => `${index}`), "|"]);
    await clock.advance(0);
    expect(order.slice(21, 29)).toEqual(["14", "15", "16", "17", "18", "19", "full8", "late1"]);
  });

  test("leave a resting link alone until its time", async () => {
    const { clock, order, turns, link } = makeTurns();
    const resting = link("late", 1);
    turns.rest(resting, 50);
    turns.queue(resting);
    turns.queue(link("now", 1));
    await clock.advance(49);
    expect(order).toEqual(["now1", "|"]);
    await clock.advance(2);
    expect(order).toEqual(["now1", "|", "late1", "|"]);
  });
});
