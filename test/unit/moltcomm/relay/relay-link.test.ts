/** Hunts: a connection that is read on though somebody holds it, or never again though nobody does. */
import { describe, expect, test } from "vitest";
import { RelayLink } from "../../../../src/moltcomm/relay/relay-link.ts";
import type { Connection } from "../../../../src/runtime/port.ts";

/** A connection that hands over on `resume`, within the call, what came while it was paused: as Bun's does. */
class HeldConnection implements Connection {
  readonly remote = { host: "192.0.2.1", port: 1 };
  readonly local = { host: "192.0.2.2", port: 2 };
  readonly bufferedBytes = 0;
  isPaused = false;
  readonly waiting: Uint8Array[] = [];
  link: RelayLink | undefined;

  write(): boolean {
    return true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    for (const data of this.waiting.splice(0)) this.link?.onData(data);
    // Whatever was said within, the socket is read from here on.
    this.isPaused = false;
  }

  end(): void {
    return;
  }

  destroy(): void {
    return;
  }
}

function makeLink(onData: (link: RelayLink) => void = () => undefined) {
  const connection = new HeldConnection();
  const nothing = () => undefined;
  const link = new RelayLink({ onData, onDrain: nothing, onEnd: nothing, onClose: nothing }, { connection, nowMs: 0 });
  connection.link = link;
  return { connection, link };
}

describe("RelayLink", () => {
  test("is read again only when everybody who held it has let go", () => {
    const { connection, link } = makeLink();
    link.hold();
    link.hold();
    link.release();
    expect([connection.isPaused, link.isHeld]).toEqual([true, true]);
    link.release();
    expect([connection.isPaused, link.isHeld]).toEqual([false, false]);
  });

  test("stays paused when what was handed over on resuming holds it again", () => {
    const { connection, link } = makeLink((each) => each.hold());
    link.hold();
    connection.waiting.push(Uint8Array.of(1));
    link.release();
    expect([connection.isPaused, link.isHeld]).toEqual([true, true]);
    link.release();
    expect([connection.isPaused, link.isHeld]).toEqual([false, false]);
  });

  test("is read on when it is held and let go within resuming", () => {
    const { connection, link } = makeLink((each) => {
      each.hold();
      each.release();
    });
    link.hold();
    connection.waiting.push(Uint8Array.of(1));
    link.release();
    expect([connection.isPaused, link.isHeld]).toEqual([false, false]);
  });

  test("notices the far end's end after its own, though it was held", () => {
    const { connection, link } = makeLink();
    link.hold();
    link.end(5);
    expect([connection.isPaused, link.isOpen, link.endedAtMs]).toEqual([false, false, 5]);
    link.release();
    expect(connection.isPaused).toBe(false);
  });
});
