/** Hunts: a manifest that is taken and whose relays nobody dials, or dials as if anybody might answer there. */
import { expect, test } from "vitest";
import { startHost } from "../../../../src/agent.ts";
import { loadConfig } from "../../../../src/config/mod.ts";
import { FrameReader, readMessage } from "../../../../src/moltcomm/wire/mod.ts";
import { SimWorld } from "../../../sim/mod.ts";
import { bytesOf, documentOf, entryOf, makeParty, SECOND_MS } from "./support.ts";
import "../../../sim/mail/preload.ts";

test("an agent takes the manifest and asks at its relay for the pinned identity, by name", async () => {
  const [publisher, relay] = [makeParty(), makeParty()] as const;
  const world = new SimWorld({ seed: 1 });
  const [host, relayHost] = [world.addHost("alpha"), world.addHost("relay")] as const;
  const manifest = bytesOf(documentOf([entryOf(relay, "relay")]));
  host.disk.put("/pub/bootstrap-manifest.json", manifest);
  host.disk.put("/pub/bootstrap-manifest.sig", publisher.sign(manifest));
  const moltcomm = { listen: "tcp://0.0.0.0:9001", manifestPub: publisher.pub, manifestSources: ["../pub/"] };
  host.disk.put("/work/barnacle.json", JSON.stringify({ moltcomm, http: { listen: "127.0.0.1:7410" } }));

  const helloTo: (string | null | undefined)[] = [];
  await world.wait(
    world.createRuntime(relayHost).network.listen({ host: "0.0.0.0", port: 9100 }, () => {
      const reader = new FrameReader({ maxFrameBytes: 1_048_576 });
      const onData = (data: Uint8Array<ArrayBuffer>) => {
        reader.push(data);
        const frame = reader.next();
        const read = frame && readMessage(frame);
        if (read !== undefined && "message" in read) helloTo.push(read.message.to);
      };
      return { onData, onDrain() {}, onEnd() {}, onClose() {} };
    }),
  );
  host.start(async (runtime) => {
    const ports = { files: runtime.files, process: runtime.process };
    const loaded = await loadConfig(ports, { directory: "/work", flags: {}, environment: {} });
    await startHost(runtime, loaded, { agent: true, hub: false });
  });
  await world.run(20 * SECOND_MS);
  expect(helloTo[0]).toBe(relay.nodeId);
  expect(host.disk.text("/work/.moltcomm/state/manifest.json")).toContain(relay.nodeId);
});
