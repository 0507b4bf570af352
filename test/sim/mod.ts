/**
 * The simulation: a fourth runtime, in which whole fleets of the real agent live in a world made of one seed.
 *
 * A world has hosts; a host has a disk, a clock, addresses and processes; a process gets a `Runtime` and holds timers,
 * sockets, files and locks until it ends. Nothing in it takes real time. What can go wrong is drawn from the seed
 * (`faults`, `startChaos`) or done by the scenario at a moment of its choice (`kill`, `powerCut`, `partition`,
 * `jumpWall`, `suspend`, ...).
 *
 * @example A hub that loses its power while an agent reports to it
 * ```ts
 * const world = new SimWorld({ seed: 7 });
 * const [hub, agent] = [world.addHost("hub"), world.addHost("agent")];
 * const runHub: Main = async ({ http, files }) => {
 *   const log = await files.open("/work/log", "append");
 *   await files.syncDirectory("/work");
 *   await http.serve({
 *     address: { host: "0.0.0.0", port: 7411 },
 *     idleTimeoutMs: 30_000,
 *     connectionsMax: 100,
 *     handler: async (request) => {
 *       await log.write(new TextEncoder().encode(`${await request.text()}\n`));
 *       await log.syncData();
 *       return new Response("kept", { status: 202 });
 *     },
 *   });
 * };
 * hub.start(runHub);
 * await world.run(100);
 *
 * const client = world.createRuntime(agent).http.client({});
 * const report = () => client.fetch("http://hub:7411/", { method: "POST", body: "healthy" });
 * expect((await world.wait(report())).status).toBe(202);
 *
 * hub.powerCut("lost");
 * await expect(world.wait(report())).rejects.toMatchObject({ code: "TIMED_OUT" });
 * hub.boot();
 * hub.start(runHub);
 * expect(hub.disk.text("/work/log")).toBe("healthy\n");
 * ```
 *
 * How to write one that finds something:
 * - Time passes only inside `world.run`, `world.until` and `world.wait`. A promise of the simulated platform that is
 *   awaited outside of them never settles: write `await world.wait(answer.text())`, not `await answer.text()`.
 * - Draw everything from `world.random`; put the seed into the test's name. `world.trace.hash` of two runs tells if
 *   a scenario is deterministic, `world.trace.lines` what happened last.
 * - Crash at every write: count `host.disk.operationCount` in a run without crashes, then run once for each number with
 *   `process.atDiskOperation(number)`.
 * - Safety first, then liveness: let chaos run, check that nothing acknowledged is lost; then `world.calm()`, and check
 *   with `world.until(...)` that everything is whole again within a bounded time.
 * - Import what simulated code imports lazily before the world starts: a module's first `import()` takes real time.
 *
 * Not covered: see `disk/databases.ts` (databases), `disk/inode.ts` (files), `http/tls.ts` (TLS), `settle.ts` (promises
 * that settle by the platform's threads).
 *
 * @module
 */
export { CHAOS_ACTS, type ChaosAct, type ChaosInit, startChaos } from "./chaos.ts";
export { SIM_START_WALL_MS, SimClock } from "./clock.ts";
export type { CrashOutcome } from "./disk/inode.ts";
export type { BrokenPath, OperationKind, SimDisk } from "./disk/sim-disk.ts";
export { type DiskFaults, drawFaults, type Faults, type NetworkFaults, NO_FAULTS, type Range } from "./faults.ts";
export type { SimHost } from "./host.ts";
export type { SimRequestPeer, SimServeOptions } from "./http/server.ts";
export { Nat } from "./network/nat.ts";
export type { Link, SimNetwork } from "./network/sim-network.ts";
export type { Main, ProcessEnd, ProcessOptions, SimProcess } from "./process/sim-process.ts";
export { SeededRandom } from "./random.ts";
export { settle } from "./settle.ts";
export type { Trace } from "./trace.ts";
export { SimulationError, SimWorld, type WorldInit } from "./world.ts";
