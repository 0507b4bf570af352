/** Hunts: silent connections that pile up, stops that hang or cut answers off. */
import assert from "node:assert/strict";
import type { ContractCase } from "./case.ts";
import { pass, rejectsWith, until, WAIT_MS, within } from "./helpers.ts";
import { get, type Handler, serve, urlOf } from "./http-probe.ts";
import { dialRecorded, type Side, speakHttp } from "./tcp-probe.ts";

const limits: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "silent connections are closed by the idle time-out while others are served",
    needs: ["httpWire"],
    async run({ runtime }) {
      const handler: Handler = async (request) => {
        if (request.method === "POST") await request.text().catch(() => "");
        return new Response("fine");
      };
      const server = await serve(runtime, handler, { idleTimeoutMs: 2_000 });
      const silent = await Promise.all(Array.from({ length: 100 }, () => dialRecorded(runtime, server.address)));
      const half = await speakHttp(runtime, server.address, "GET / HTT");
      const kept = await speakHttp(runtime, server.address, get("/"));
      const client = runtime.http.client({});
      assert.equal(await (await client.fetch(urlOf(server))).text(), "fine");
      const head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n";
      const stalled = await speakHttp(runtime, server.address, `${head}abc`);
      const all = [...silent, half, kept, stalled];
      // Bun closes what never sent a whole request after 12 s, whatever it is told.
      await until(
        runtime.clock,
        16_000,
        "silent connections are ended",
        () => all.every(({ events }) => events.ends + events.closes > 0),
      );
      assert.match(kept.events.text, /fine$/);
      client.close();
      // A client of its own: the other's connection may be closing at this very moment.
      const fresh = runtime.http.client({});
      assert.equal(await (await fresh.fetch(urlOf(server))).text(), "fine");
      for (const { connection } of all) connection.destroy();
      fresh.close();
      await server.stop(500);
    },
  },
  {
    name: "connections beyond connectionsMax are closed on arrival where the platform lets us see them",
    needs: ["httpWire"],
    async run({ runtime }) {
      if (runtime.name === "bun") return;
      const server = await serve(runtime, () => new Response("fine"), { connectionsMax: 3 });
      const sides: Side[] = [];
      for (let count = 0; count < 5; count++) sides.push(await dialRecorded(runtime, server.address));
      await until(
        runtime.clock,
        10_000,
        "two are closed",
        () => sides.filter(({ events }) => events.ends + events.closes > 0).length === 2,
      );
      for (const { connection } of sides) connection.destroy();
      await pass(runtime.clock, 50);
      const side = await speakHttp(runtime, server.address, get("/"));
      await until(runtime.clock, 10_000, "the next is served", () => side.events.text.endsWith("fine"));
      side.connection.destroy();
      await server.stop(500);
    },
  },
];

const stopping: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "stop with idle keep-alive and silent connections returns fast and refuses new ones",
    needs: ["httpWire"],
    async run({ runtime }) {
      const server = await serve(runtime, () => new Response("fine"));
      const kept = await speakHttp(runtime, server.address, get("/"));
      const silent = await dialRecorded(runtime, server.address);
      await until(runtime.clock, 10_000, "the answer", () => kept.events.text.endsWith("fine"));
      await within(runtime.clock, 8_000, "stop", server.stop(10_000));
      await server.stop(10_000);
      // Bun does not know a connection before its first request: that one stays until its own time-out.
      const known = runtime.name === "bun" ? [kept] : [kept, silent];
      await until(
        runtime.clock,
        1_000,
        "they are closed",
        () => known.every(({ events }) => events.ends + events.closes > 0),
      );
      await rejectsWith(dialRecorded(runtime, server.address), "CONNECTION_REFUSED");
      kept.connection.destroy();
      silent.connection.destroy();
    },
  },
  {
    name: "stop lets a running request end within the grace",
    async run({ runtime }) {
      let started = false;
      const server = await serve(runtime, async () => {
        started = true;
        await pass(runtime.clock, 300);
        return new Response("done");
      });
      const client = runtime.http.client({});
      const answer = client.fetch(urlOf(server)).then((response) => response.text());
      await until(runtime.clock, 10_000, "the request runs", () => started);
      const startMs = runtime.clock.monotonicMs();
      await server.stop(5_000);
      const tookMs = runtime.clock.monotonicMs() - startMs;
      assert.ok(tookMs < 2_000, `${tookMs} ms`);
      assert.equal(await answer, "done");
      client.close();
    },
  },
  {
    name: "stop drops a request that outlasts the grace",
    async run({ runtime }) {
      let started = false;
      const server = await serve(runtime, async () => {
        started = true;
        await pass(runtime.clock, 10_000);
        return new Response("too late");
      });
      const client = runtime.http.client({});
      // Deno's adapter finds out afterwards, when nothing listens any more.
      const codes = ["CONNECTION_CLOSED", "CONNECTION_RESET", "CONNECTION_REFUSED"] as const;
      const failed = rejectsWith(client.fetch(urlOf(server)), ...codes);
      await until(runtime.clock, 10_000, "the request runs", () => started);
      await within(runtime.clock, WAIT_MS, "stop", server.stop(100));
      await failed;
      client.close();
    },
  },
  {
    name: "serve on a port in use is ADDRESS_IN_USE and naming an address of another host ADDRESS_UNAVAILABLE",
    async run({ runtime }) {
      const server = await serve(runtime, () => new Response("fine"));
      await rejectsWith(serve(runtime, () => new Response("x"), { address: server.address }), "ADDRESS_IN_USE");
      const address = { host: "203.0.113.7", port: 0 };
      await rejectsWith(serve(runtime, () => new Response("x"), { address }), "ADDRESS_UNAVAILABLE");
      await server.stop(500);
    },
  },
];

export const HTTP_LIFE_CASES: readonly Omit<ContractCase, "capability">[] = [...limits, ...stopping];
