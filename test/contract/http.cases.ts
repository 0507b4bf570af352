/** Hunts: bodies buffered before they are refused, clients that take the server down with them. */
import assert from "node:assert/strict";
import type { Runtime } from "../../src/runtime/port.ts";
import type { ContractCase } from "./case.ts";
import { bytesOf, pass, rejectsWith, until, WAIT_MS, within } from "./helpers.ts";
import { HTTP_LIFE_CASES } from "./http-life.cases.ts";
import { get, serve, urlOf } from "./http-probe.ts";
import { type Side, speakHttp } from "./tcp-probe.ts";

const CHUNK_BYTES = 64 * 1024;
const BODY_BYTES_MAX = 64 * 1024;

/** Reads a body up to a bound, as the application does. */
async function readBounded(request: Request): Promise<number | undefined> {
  const reader = request.body?.getReader();
  let bytes = 0;
  for (;;) {
    const part = await reader?.read();
    if (part === undefined || part.done) return bytes;
    bytes += part.value.length;
    if (bytes > BODY_BYTES_MAX) {
      await reader?.cancel();
      return undefined;
    }
  }
}

/** Sends as fast as the connection takes it until the server ends it; gives the bytes sent. */
async function uploadEndlessly(
  runtime: Runtime,
  side: Side,
  frame: (chunk: Uint8Array) => Uint8Array,
): Promise<number> {
  const chunk = frame(new Uint8Array(CHUNK_BYTES).fill(0x61));
  let sentBytes = 0;
  while (side.events.closes === 0 && side.events.ends === 0) {
    sentBytes += chunk.length;
    const { drains } = side.events;
    if (side.connection.write(chunk)) await pass(runtime.clock, 0);
    else {
      await until(
        runtime.clock,
        5_000,
        "the upload goes on or ends",
        () => side.events.drains > drains || side.events.closes > 0 || side.events.ends > 0,
      );
    }
  }
  return sentBytes;
}

const UPLOADS: readonly (readonly [string, string, (chunk: Uint8Array) => Uint8Array])[] = [
  ["of an announced length", "Content-Length: 99999999999", (chunk) => chunk],
  ["in chunks", "Transfer-Encoding: chunked", (chunk) => {
    const framed = new Uint8Array(chunk.length + 9);
    framed.set(bytesOf("10000\r\n"));
    framed.set(chunk, 7);
    framed.set(bytesOf("\r\n"), chunk.length + 7);
    return framed;
  }],
];

const bodies: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "a request and its answer pass whole, with method, path, headers and the peer's address",
    async run({ runtime }) {
      const server = await serve(runtime, async (request, { remoteHost }) =>
        Response.json({
          method: request.method,
          path: new URL(request.url).pathname,
          header: request.headers.get("x-test"),
          body: await request.text(),
          remoteHost,
        }, { status: 201, headers: { "x-answer": "yes" } }));
      const client = runtime.http.client({});
      const body = "ä".repeat(50_000);
      const answer = await client.fetch(urlOf(server, "/a/b?c=d"), {
        method: "POST",
        headers: { "x-test": "on" },
        body,
      });
      assert.equal(answer.status, 201);
      assert.equal(answer.headers.get("x-answer"), "yes");
      assert.deepEqual(await answer.json(), {
        method: "POST",
        path: "/a/b",
        header: "on",
        body,
        remoteHost: "127.0.0.1",
      });
      client.close();
      await server.stop(1_000);
    },
  },
  ...UPLOADS.flatMap(([what, header, frame]): Omit<ContractCase, "capability">[] =>
    (["unread", "read to a bound"] as const).map((how) => ({
      name: `an endless upload ${what} is answered with 413 while it still runs, ${how}`,
      needs: ["httpWire"],
      async run({ runtime }) {
        const server = await serve(runtime, async (request) => {
          if (how !== "unread") assert.equal(await readBounded(request), undefined);
          return new Response("too large", { status: 413 });
        });
        const side = await speakHttp(
          runtime,
          server.address,
          `POST / HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`,
        );
        const sentBytes = await within(
          runtime.clock,
          WAIT_MS,
          "the upload is ended",
          uploadEndlessly(runtime, side, frame),
        );
        assert.match(side.events.text, /^HTTP\/1\.1 413 /, `after ${sentBytes} bytes`);
        side.connection.destroy();
        await server.stop(500);
      },
    }))
  ),
  {
    name: "a handler sees the first part of a body before the last is sent",
    needs: ["httpWire"],
    async run({ runtime }) {
      const seen: string[] = [];
      const server = await serve(runtime, async (request) => {
        for await (const part of request.body ?? []) seen.push(new TextDecoder().decode(part));
        return new Response(seen.join(""));
      });
      const head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\nConnection: close\r\n\r\n";
      const side = await speakHttp(runtime, server.address, `${head}first`);
      await until(runtime.clock, WAIT_MS, "the first part is seen", () => seen.join("") === "first");
      side.connection.write(bytesOf("second"));
      await until(runtime.clock, WAIT_MS, "the answer", () => side.events.text.endsWith("firstsecond"));
      side.connection.destroy();
      await server.stop(500);
    },
  },
  {
    name: "an answer that streams arrives part by part",
    async run({ runtime }) {
      let send: ((text: string) => void) | undefined;
      const server = await serve(runtime, () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: (controller) => {
              send = (text) => controller.enqueue(bytesOf(text));
              send("one");
            },
          }),
        ));
      const client = runtime.http.client({});
      const answer = await client.fetch(urlOf(server));
      const reader = answer.body?.getReader();
      const next = async () => new TextDecoder().decode((await reader?.read())?.value);
      assert.equal(await within(runtime.clock, WAIT_MS, "the first part", next()), "one");
      send?.("two");
      assert.equal(await within(runtime.clock, WAIT_MS, "the second part", next()), "two");
      await reader?.cancel();
      client.close();
      await server.stop(100);
    },
  },
  {
    name: "a handler that throws becomes a bare 500, and the server goes on",
    async run({ runtime }) {
      const server = await serve(runtime, (request) => {
        if (new URL(request.url).pathname === "/bad") throw new Error("the inside of the house");
        return new Response("fine");
      });
      const client = runtime.http.client({});
      const bad = await client.fetch(urlOf(server, "/bad"));
      assert.equal(bad.status, 500);
      assert.doesNotMatch(await bad.text(), /inside/);
      assert.equal(await (await client.fetch(urlOf(server))).text(), "fine");
      client.close();
      await server.stop(500);
    },
  },
];

const leaving: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "a client that leaves before the answer aborts the request's signal and harms nobody",
    async run({ runtime }) {
      let aborted = false;
      const server = await serve(runtime, async (request) => {
        if (new URL(request.url).pathname === "/") return new Response("fine");
        request.signal.addEventListener("abort", () => aborted = true);
        await pass(runtime.clock, 1_000);
        return new Response("too late");
      });
      const client = runtime.http.client({});
      const controller = new AbortController();
      const request = client.fetch(urlOf(server, "/slow"), { signal: controller.signal });
      runtime.clock.setTimer(100, () => controller.abort());
      await rejectsWith(request, "ABORTED");
      await until(runtime.clock, WAIT_MS, "the signal is aborted", () => aborted);
      assert.equal(await (await client.fetch(urlOf(server))).text(), "fine");
      client.close();
      await server.stop(2_000);
    },
  },
  {
    name: "a client that leaves amid the answer cancels its stream",
    needs: ["httpWire"],
    async run({ runtime }) {
      let cancelled = false;
      const server = await serve(runtime, (request) => {
        if (new URL(request.url).pathname === "/") return new Response("fine");
        return new Response(
          new ReadableStream<Uint8Array>({
            async pull(controller) {
              await pass(runtime.clock, 10);
              controller.enqueue(new Uint8Array(1_000));
            },
            cancel: () => {
              cancelled = true;
            },
          }),
        );
      });
      const side = await speakHttp(runtime, server.address, get("/stream"));
      await until(runtime.clock, WAIT_MS, "the answer begins", () => side.events.receivedBytes > 2_000);
      side.connection.destroy();
      await until(runtime.clock, WAIT_MS, "the stream is cancelled", () => cancelled);
      const client = runtime.http.client({});
      assert.equal(await (await client.fetch(urlOf(server))).text(), "fine");
      client.close();
      await server.stop(500);
    },
  },
  {
    name: "a client that leaves amid its body harms nobody",
    needs: ["httpWire"],
    async run({ runtime }) {
      let failed = false;
      const server = await serve(runtime, async (request) => {
        if (request.method === "GET") return new Response("fine");
        await request.text().catch(() => failed = true);
        return new Response("to nobody");
      });
      const head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n";
      const side = await speakHttp(runtime, server.address, `${head}abc`);
      await pass(runtime.clock, 50);
      side.connection.destroy();
      await until(runtime.clock, WAIT_MS, "reading the body fails", () => failed);
      const client = runtime.http.client({});
      assert.equal(await (await client.fetch(urlOf(server))).text(), "fine");
      client.close();
      await server.stop(500);
    },
  },
];

export const HTTP_CASES: readonly ContractCase[] = [...bodies, ...leaving, ...HTTP_LIFE_CASES]
  .map((one) => ({ capability: "http", ...one }));
