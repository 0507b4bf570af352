/** Hunts: code that runs on after its process ended, clocks that several hosts share, waits that never end. */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../src/errors.ts";
import { type Main, SIM_START_WALL_MS, SimWorld } from "./mod.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Says `tick` every second. */
const tick: Main = ({ clock, process }) => {
  const again = (): void => {
    process.standardOutput.write("tick\n");
    clock.setTimer(1_000, again);
  };
  again();
};

describe("a simulated process", () => {
  test("stops at a kill: no timer fires, no promise of the platform settles, no word is heard", async () => {
    const world = new SimWorld({ seed: 1 });
    const host = world.addHost("alpha");
    let reached = 0;
    const process = host.start(async ({ clock, files, process: self }) => {
      clock.setTimer(500, () => reached++);
      await files.makeDirectory("/work/a");
      clock.setTimer(10, () => world.after(0, () => process.kill()));
      await new Promise<void>((resolve) => clock.setTimer(15, resolve));
      reached++;
      self.standardOutput.write("survived");
    });
    await world.run(10_000);
    expect(process.end).toEqual({ signal: "SIGKILL" });
    expect(reached).toBe(0);
    expect(process.standardOutput.text).toBe("");
    expect(host.processes).toEqual([]);
    expect(world.clock.pendingCount).toBe(0);
  });

  test("finds what an earlier one left on the disk", async () => {
    const world = new SimWorld({ seed: 1 });
    const host = world.addHost("alpha");
    const main: Main = async ({ files, process }) => {
      const before = await files.list("/work");
      const handle = await files.open(`/work/run-${before.length}`, "create");
      await handle.close();
      process.standardOutput.write(before.join());
    };
    const first = host.start(main);
    await world.until(() => !first.isRunning);
    const second = host.start(main);
    await world.until(() => !second.isRunning);
    expect(second.end).toEqual({ code: 0 });
    expect(second.standardOutput.text).toBe("run-0");
  });

  test("ends when nothing keeps it alive, with the code main gives, or with 1 when main fails", async () => {
    const world = new SimWorld({ seed: 1 });
    const host = world.addHost("alpha");
    const quiet = host.start(() => undefined);
    const coded = host.start(() => 3);
    const ticking = host.start(tick);
    const failing = host.start(() => Promise.reject(new Error("no luck")));
    const throwing = host.start(({ clock }) => {
      clock.setTimer(5, () => {
        throw new Error("from a timer");
      });
      clock.setTimer(1e6, () => undefined);
    });
    await world.run(3_500);
    expect([quiet, coded, failing, throwing].map(({ end }) => end)).toEqual([
      { code: 0 },
      { code: 3 },
      { code: 1 },
      { code: 1 },
    ]);
    expect(failing.standardError.text).toMatch(/^Uncaught Error: no luck/);
    expect(ticking.standardOutput.lines.length).toBe(4);
    expect(ticking.isRunning).toBe(true);
  });

  // `bun test` takes unhandled rejections before any listener; see unhandled.ts.
  test.skipIf("Bun" in globalThis)("ends by a rejection that nobody handles, and no other process does", async () => {
    const world = new SimWorld({ seed: 1 });
    const host = world.addHost("alpha");
    const other = host.start(tick);
    const naked = host.start(({ clock }) => {
      clock.setTimer(5, () => {
        const rejected = Promise.reject(new Error("naked"));
        expect(rejected).toBeInstanceOf(Promise);
      });
      clock.setTimer(1e6, () => undefined);
    });
    await world.run(2_000);
    expect(naked.end).toEqual({ code: 1 });
    expect(naked.standardError.text).toMatch(/naked/);
    expect(other.isRunning).toBe(true);
  });

  test("gets signals, arguments, environment and input", async () => {
    const world = new SimWorld({ seed: 1 });
    const host = world.addHost("alpha");
    const process = host.start(async ({ process: self, clock }, programArguments) => {
      const input = new TextDecoder().decode(await self.readStandardInput(100));
      self.standardOutput.write(`${programArguments.join()} ${self.environment()["NAME"]} ${input}`);
      self.onSignal("SIGTERM", () => self.exit(5));
      clock.setTimer(1e9, () => undefined);
    }, { arguments: ["a", "b"], environment: { NAME: "value" }, standardInput: "typed" });
    await world.run(100);
    process.kill("SIGTERM");
    expect(await world.wait(process.ended)).toEqual({ code: 5 });
    expect(process.standardOutput.text).toBe("a,b value typed");
  });
});

describe("clocks", () => {
  test("one host's wall clock jumps; no timer and no other host notices", async () => {
    const world = new SimWorld({ seed: 1 });
    const [alpha, beta] = [world.addHost("alpha"), world.addHost("beta")];
    const [one, other] = [world.createRuntime(alpha), world.createRuntime(beta)];
    let firedAtMs = 0;
    one.clock.setTimer(1_000, () => firedAtMs = one.clock.monotonicMs());
    await world.run(500);
    alpha.jumpWall(-HOUR_MS);
    await world.run(500);
    expect(firedAtMs).toBe(1_000);
    expect(one.clock.wallMs()).toBe(SIM_START_WALL_MS + 1_000 - HOUR_MS);
    expect(other.clock.wallMs()).toBe(SIM_START_WALL_MS + 1_000);
  });

  test("a suspended host sleeps: its timers wait on, its wall clock has moved when it wakes", async () => {
    const world = new SimWorld({ seed: 1 });
    const host = world.addHost("laptop");
    const process = host.start(tick);
    await world.run(2_500);
    host.suspend();
    await world.run(DAY_MS);
    expect(process.standardOutput.lines.length).toBe(3);
    const { clock } = world.createRuntime(host);
    const asleepMs = clock.monotonicMs();
    host.resume();
    expect(clock.monotonicMs()).toBe(asleepMs);
    expect(clock.wallMs()).toBe(SIM_START_WALL_MS + 2_500 + DAY_MS);
    await world.run(499);
    expect(process.standardOutput.lines.length).toBe(3);
    await world.run(1);
    expect(process.standardOutput.lines.length).toBe(4);
  });

  test("a frozen process stands still and catches up when it is thawed", async () => {
    const world = new SimWorld({ seed: 1 });
    const process = world.addHost("alpha").start(tick);
    await world.run(1_500);
    process.freeze();
    await world.run(HOUR_MS);
    expect(process.standardOutput.lines.length).toBe(2);
    process.thaw();
    await world.run(999);
    expect(process.standardOutput.lines.length).toBe(3);
  });
});

describe("SimWorld", () => {
  test("wait reports what can never be, with the seed and the last events", async () => {
    const world = new SimWorld({ seed: 4711 });
    const { files } = world.createRuntime(world.addHost("alpha"));
    const stuck = (async () => {
      await files.makeDirectory("/work/a");
      await new Promise(() => undefined);
    })();
    const error = await world.wait(stuck).catch((thrown: Error) => thrown);
    expect(String(error)).toMatch(/seed 4711: nothing can ever become ready/);
    expect(String(error)).toMatch(/Make the directory \/work\/a/);
  });

  test("wait and until give up after their time", async () => {
    const world = new SimWorld({ seed: 1 });
    world.addHost("alpha").start(tick);
    await expect(world.until(() => false, { withinMs: 5_000 })).rejects.toThrow("not within 5000 ms");
    expect(world.clock.monotonicMs()).toBeLessThan(6_000);
  });

  test("wait rejects with what the promise does", async () => {
    const world = new SimWorld({ seed: 1 });
    const { files } = world.createRuntime(world.addHost("alpha"));
    const error = await world.wait(files.read("/work/missing", 10)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BarnacleError);
  });
});
