/** Hunts: simulated HTTP that buffers without bound, trusts at the wrong time, or never reuses a connection. */
import { describe, expect, test } from "vitest";
import type { HttpClient, ServeOptions } from "../../src/runtime/port.ts";
import { makeCertificates } from "./certificates.ts";
import { type SimHost, SimWorld } from "./mod.ts";

const CHUNK_BYTES = 64 * 1024;
const CHUNKS = 200;
const YEAR_MS = 365 * 86_400_000;

interface Scene {
  readonly world: SimWorld;
  readonly server: SimHost;
  readonly near: SimHost;
  readonly client: HttpClient;
}

async function serve(handler: ServeOptions["handler"], idleTimeoutMs = 30_000): Promise<Scene> {
  const world = new SimWorld({ seed: 1 });
  const [near, server] = [world.addHost("near"), world.addHost("server")];
  const { http } = world.createRuntime(server);
  await world.wait(http.serve({ address: { host: "0.0.0.0", port: 80 }, idleTimeoutMs, connectionsMax: 10, handler }));
  return { world, server, near, client: world.createRuntime(near).http.client({}) };
}

/** A body of `CHUNKS` chunks, and how many of them were asked for. */
function makeBody(): { stream: ReadableStream<Uint8Array<ArrayBuffer>>; pulls: () => number } {
  let pulls = 0;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => {
      pulls++;
      controller.enqueue(new Uint8Array(CHUNK_BYTES));
      if (pulls === CHUNKS) controller.close();
    },
  });
  return { stream, pulls: () => pulls };
}

async function countBytes(stream: ReadableStream<Uint8Array> | null): Promise<number> {
  let bytes = 0;
  for await (const part of stream ?? []) bytes += part.length;
  return bytes;
}

describe("a simulated HTTP exchange", () => {
  test("slows an answer down to the pace of its reader", async () => {
    const body = makeBody();
    const { world, client } = await serve(() => new Response(body.stream));
    const answer = await world.wait(client.fetch("http://server/"));
    await world.run(10_000);
    expect(body.pulls()).toBeLessThan(20);
    expect(await world.wait(countBytes(answer.body))).toBe(CHUNKS * CHUNK_BYTES);
  });

  test("slows an upload down to the pace of its handler", async () => {
    const body = makeBody();
    let read: (() => void) | undefined;
    const { world, client } = await serve(async (request) => {
      await new Promise<void>((resolve) => read = resolve);
      return new Response(String(await countBytes(request.body)));
    });
    const init = { method: "POST", body: body.stream, duplex: "half" };
    const answer = client.fetch("http://server/", init as RequestInit);
    await world.run(10_000);
    expect(body.pulls()).toBeLessThan(20);
    read?.();
    expect(await world.wait(answer.then((response) => response.text()))).toBe(String(CHUNKS * CHUNK_BYTES));
  });

  test("uses a kept connection again, and a new one when the server has closed it", async () => {
    const { world, client } = await serve(() => new Response("fine"), 2_000);
    const connections = (): number => world.trace.lines.filter((line) => line.endsWith(":80 connected")).length;
    const call = async (): Promise<string> => await (await client.fetch("http://server/")).text();
    expect(await world.wait(call())).toBe("fine");
    await world.run(1_000);
    expect(await world.wait(call())).toBe("fine");
    expect(connections()).toBe(1);
    await world.run(3_000);
    expect(await world.wait(call())).toBe("fine");
    expect(connections()).toBe(2);
  });

  test("fails when the server is killed, and with TIMED_OUT when it cannot be reached", async () => {
    const { world, server, near, client } = await serve(() => new Promise(() => undefined));
    const answer = client.fetch("http://server/").catch(({ code }: { code: string }) => code);
    await world.run(100);
    server.processes[0]?.kill();
    expect(["CONNECTION_CLOSED", "CONNECTION_RESET"]).toContain(await world.wait(answer));
    world.network.partition([near], [server]);
    const late = client.fetch("http://server/").catch(({ code }: { code: string }) => code);
    expect(await world.wait(late)).toBe("TIMED_OUT");
  });
});

describe("modelled TLS", () => {
  test("checks certificates at the host's own time, against what its platform trusts", async () => {
    const certificates = await makeCertificates();
    const world = new SimWorld({ seed: 1 });
    const host = world.addHost("alpha");
    const { http } = world.createRuntime(host);
    const { certPem, keyPem } = certificates.server;
    const address = { host: "127.0.0.1", port: 443 };
    const handler = (): Response => new Response("fine");
    await world.wait(
      http.serve({ address, tls: { certPem, keyPem }, idleTimeoutMs: 30_000, connectionsMax: 10, handler }),
    );
    const call = async (): Promise<string> => {
      const client = http.client({});
      return await client.fetch("https://localhost/").then((answer) => answer.text(), ({ code }) => code);
    };
    expect(await world.wait(call())).toBe("CERTIFICATE_INVALID");
    world.trustAuthority(certificates.authorityPem);
    expect(await world.wait(call())).toBe("fine");
    host.jumpWall(-YEAR_MS);
    expect(await world.wait(call())).toBe("CERTIFICATE_INVALID");
    host.jumpWall(3 * YEAR_MS);
    expect(await world.wait(call())).toBe("CERTIFICATE_INVALID");
  });
});
