/** What strangers throw at the listeners: each is refused within limits, and the others are served meanwhile. */
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Stage, type Way } from "./barnacle.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
const SILENT_CONNECTIONS = 1_000;

export function defineAttackTests(way: Way): void {
  let stage = new Stage(way);
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await stage.clear();
    stage = new Stage(way);
  });

  async function startBoth() {
    const words = ["up", "--dir", stage.folder(), "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--log", "json"];
    const both = stage.start(words);
    return { both, http: await both.url("http"), hub: await both.url("hub") };
  }

  function open(url: string): Promise<Socket> {
    const { hostname, port } = new URL(url);
    return new Promise((done, fail) => {
      const socket = connect({ host: hostname, port: Number(port) }, () => done(socket));
      // A listener that drops us is what some of these tests want.
      socket.on("error", fail);
      sockets.push(socket);
    });
  }

  const post = (url: string, body: string, headers: Record<string, string> = { "content-type": "application/json" }) =>
    fetch(url, { method: "POST", headers, body });

  describe("an attack", () => {
    test("POST /report with nonsense gets 400 and the field's name", timeout, async () => {
      const { http } = await startBoth();
      const answer = await post(`${http}/report`, '{"reporter":"a","active_tasks":"many"}');
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: { code: "BODY_INVALID", field: "active_tasks" } });
      expect((await post(`${http}/report`, "{nonsense")).status).toBe(400);
      expect((await post(`${http}/report`, "[]")).status).toBe(400);
      expect((await post(`${http}/report`, "{}", { "content-type": "text/plain" })).status).toBe(415);
    });

    test("garbage, a wrong type and 10 MB are refused by the hub, which serves on", timeout, async () => {
      const { hub } = await startBoth();
      expect((await post(`${hub}/openclaw/status`, "\u0000\u0001garbage")).status).toBe(400);
      expect((await post(`${hub}/openclaw/status`, "<xml/>", { "content-type": "text/xml" })).status).toBe(415);
      const socket = await open(hub);
      const answered = new Promise<string>((done) => socket.once("data", (data) => done(data.toString("latin1"))));
      socket.write("POST /openclaw/status HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n");
      socket.write("Content-Length: 10000000\r\n\r\n{");
      expect(await answered).toMatch(/^HTTP\/1\.1 413/);
      expect((await fetch(`${hub}/v1/instances`)).status).toBe(200);
    });

    test("bytes that are no HTTP harm nobody", timeout, async () => {
      const { hub, http } = await startBoth();
      for (const url of [hub, http]) {
        const socket = await open(url);
        const closed = new Promise((done) => socket.once("close", done));
        socket.on("data", () => undefined);
        socket.write("\u0016\u0003\u0001 this is no HTTP \r\n\r\n");
        await closed;
        expect((await fetch(`${url}/healthz`)).status).toBe(200);
      }
    });

    test("1,000 connections that send nothing leave the others unharmed", timeout, async () => {
      const { hub, http } = await startBoth();
      for (let opened = 0; opened < SILENT_CONNECTIONS; opened += 100) {
        await Promise.all(Array.from({ length: 100 }, () => open(opened % 200 === 0 ? hub : http)));
      }
      expect((await fetch(`${hub}/v1/instances`)).status).toBe(200);
      expect((await fetch(`${http}/status`)).status).toBe(200);
    });

    test("a web page cannot reach the agent by another name", timeout, async () => {
      const { http } = await startBoth();
      const socket = await open(http);
      const answered = new Promise<string>((done) => socket.once("data", (data) => done(data.toString("latin1"))));
      socket.write("GET /status HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
      expect(await answered).toMatch(/^HTTP\/1\.1 403/);
    });
  });
}
