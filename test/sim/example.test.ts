/** Hunts: an example in the door's documentation that does not do what it says. */
import { expect, test } from "vitest";
import { type Main, SimWorld } from "./mod.ts";

test("the example of mod.ts does what it shows", async () => {
  const world = new SimWorld({ seed: 7 });
  const [hub, agent] = [world.addHost("hub"), world.addHost("agent")];
  const runHub: Main = async ({ http, files }) => {
    const log = await files.open("/work/log", "append");
    await files.syncDirectory("/work");
    await http.serve({
      address: { host: "0.0.0.0", port: 7411 },
      idleTimeoutMs: 30_000,
      connectionsMax: 100,
      handler: async (request) => {
        await log.write(new TextEncoder().encode(`${await request.text()}\n`));
        await log.syncData();
        return new Response("kept", { status: 202 });
      },
    });
  };
  hub.start(runHub);
  await world.run(100);

  const client = world.createRuntime(agent).http.client({});
  const report = () => client.fetch("http://hub:7411/", { method: "POST", body: "healthy" });
  expect((await world.wait(report())).status).toBe(202);

  hub.powerCut("lost");
  await expect(world.wait(report())).rejects.toMatchObject({ code: "TIMED_OUT" });
  hub.boot();
  hub.start(runHub);
  expect(hub.disk.text("/work/log")).toBe("healthy\n");
});
