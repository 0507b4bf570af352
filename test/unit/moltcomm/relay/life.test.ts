/** Hunts: connections that are kept though nobody is there, ones that are closed though somebody is, a relay that does not end. */
import { describe, expect, test } from "vitest";
import { makeIdentity } from "../node/support.ts";
import { makeScene, MINUTE_MS, SECOND_MS, startRelay, textsOf } from "./support.ts";

describe("a relay", () => {
  test("keeps a silent plain v1 node that answers its PING, for hours", async () => {
    const { world, subject, register } = await makeScene();
    world.network.keepsAlive = false;
    const node = await register();
    node.onMessage = (message) => {
      if (message.t === "PING") node.say("PONG", { nonce: message.body.nonce }, { to: message.from });
    };
    await world.run(180 * MINUTE_MS);
    expect(node.isClosed).toBe(false);
    expect(subject.relay.view.registered).toBe(1);
    expect(node.all("PING").length).toBeGreaterThan(30);
    expect(node.all("PING").length).toBeLessThan(50);
  });

  test("asks a silent node seldom where the kernel looks after it, and closes one that is gone within 90 s", async () => {
    const { world, subject, homes, register } = await makeScene();
    const nodes = [await register(0), await register(1)];
    for (const node of nodes) {
      node.onMessage = (message) => {
        if (message.t === "PING") node.say("PONG", { nonce: message.body.nonce }, { to: message.from });
      };
      node.say("PING", { nonce: "n" });
    }
    await world.run(90 * MINUTE_MS);
    expect(nodes[0]?.all("PING").length).toBeGreaterThan(3);
    expect(nodes[0]?.all("PING").length).toBeLessThan(6);
    const [home] = homes;
    if (home !== undefined) world.network.partition([subject.host], [home]);
    await world.run(90 * SECOND_MS);
    expect(subject.relay.view.registered).toBe(1);
  });

  test("asks a node within 90 s that was written to and says nothing, and closes it when it does not answer", async () => {
    const { world, subject, homes, register } = await makeScene();
    const [sender, recipient] = [await register(0), await register(1)];
    sender.onMessage = (message) => {
      if (message.t === "PING") sender.say("PONG", { nonce: message.body.nonce }, { to: message.from });
    };
    await world.run(10 * SECOND_MS);
    const [, far] = homes;
    if (far !== undefined) world.network.partition([subject.host], [far]);
    sender.direct(recipient.nodeId, "are you there?");
    await world.run(90 * SECOND_MS);
    expect(subject.relay.view.registered).toBe(1);
    expect(subject.sample('closed_connections_total{reason="silent"}')).toBe(1);
  });

  test("without the kernel's help closes a node that is gone within five minutes, one that used to ping within 90 s", async () => {
    const { world, subject, homes, register } = await makeScene();
    world.network.keepsAlive = false;
    const [plain, pinging] = [await register(0), await register(1)];
    pinging.say("PING", { nonce: "n" });
    await world.run(SECOND_MS);
    for (const home of homes) world.network.partition([subject.host], [home]);
    await world.run(90 * SECOND_MS);
    expect(subject.relay.view.registered).toBe(1);
    await world.run(4 * MINUTE_MS);
    expect(subject.relay.view.registered).toBe(0);
    expect(subject.relay.view.connections).toBe(0);
    expect(subject.sample('closed_connections_total{reason="silent"}')).toBe(2);
    expect([plain, pinging].length).toBe(2);
  });

  test("has no task to run while nobody is connected, and one for however many are", async () => {
    const { world, subject, register, dial } = await makeScene();
    const nodes = [await register(0), await register(1), await dial(2)];
    for (const node of nodes) node.connection?.destroy();
    await world.run(10 * SECOND_MS);
    expect(subject.relay.view.connections).toBe(0);
    const pending = world.clock.pendingCount;
    await world.run(60 * MINUTE_MS);
    expect(world.clock.pendingCount).toBeLessThanOrEqual(pending);
  });

  test("stops in order: what is queued leaves, connections end, nobody gets in", async () => {
    const { world, subject, dial, register } = await makeScene();
    const [sender, recipient] = [await register(0), await register(1)];
    sender.direct(recipient.nodeId, "the last");
    await world.until(() => subject.relay.view.forwardedFrames === 1);
    const beforeMs = world.clock.monotonicMs();
    await world.wait(subject.relay.stop());
    await world.wait(subject.relay.stop());
    expect(world.clock.monotonicMs() - beforeMs).toBeLessThan(400);
    await world.run(SECOND_MS);
    expect(textsOf(recipient)).toEqual(["the last"]);
    expect([sender.isClosed, recipient.isClosed]).toEqual([true, true]);
    expect(subject.relay.view.connections).toBe(0);
    await expect(dial(2)).rejects.toMatchObject({ code: "CONNECTION_REFUSED" });
  });

  test("stops in bounded time though a node neither reads nor ends", async () => {
    const { world, subject, register } = await makeScene();
    const [sender, deaf] = [await register(0), await register(1)];
    deaf.connection?.pause();
    for (let count = 0; count < 600; count++) sender.direct(deaf.nodeId, "x".repeat(1_000));
    await world.run(500);
    const beforeMs = world.clock.monotonicMs();
    await world.wait(subject.relay.stop());
    expect(world.clock.monotonicMs() - beforeMs).toBeLessThan(500);
    expect(subject.relay.view.connections).toBe(0);
  });

  test("says with a hint that its port is taken", async () => {
    const { world, subject } = await makeScene();
    const second = startRelay(world, subject.host);
    await expect(second).rejects.toMatchObject({ code: "ADDRESS_IN_USE", hint: expect.stringContaining("--listen") });
  });

  test("takes no HELLO under its own identity", async () => {
    const identity = makeIdentity((await makeScene()).subject.runtime.crypto);
    const { dial, subject } = await makeScene({ identity });
    const twin = await dial(0, identity);
    expect((await twin.answerTo(twin.hello())).body).toMatchObject({ code: "UNSUPPORTED" });
    expect(subject.relay.view.registered).toBe(0);
  });
});
