/** Hunts: trust in the wrong certificate, a key carried over to another origin, failures without a code of ours. */
import assert from "node:assert/strict";
import type { HttpClientOptions, HttpServer, Runtime, ServeOptions } from "../../src/runtime/port.ts";
import type { CertificatePair, ContractCase, ContractContext } from "./case.ts";
import { pass, rejectsWith, throwsWith, until } from "./helpers.ts";

type Extra = Partial<ServeOptions>;

function serve(runtime: Runtime, handler: ServeOptions["handler"], extra: Extra = {}): Promise<HttpServer> {
  const address = { host: "127.0.0.1", port: 0 };
  return runtime.http.serve({ address, idleTimeoutMs: 30_000, connectionsMax: 100, handler, ...extra });
}

function serveTls({ runtime }: ContractContext, { certPem, keyPem }: CertificatePair): Promise<HttpServer> {
  return serve(runtime, (request) => new Response(new URL(request.url).protocol), { tls: { certPem, keyPem } });
}

async function tryTls(context: ContractContext, pair: CertificatePair, options: HttpClientOptions, host = "localhost") {
  const server = await serveTls(context, pair);
  const client = context.runtime.http.client(options);
  try {
    const answer = await client.fetch(`https://${host}:${server.address.port}/`);
    return await answer.text();
  } finally {
    client.close();
    await server.stop(500);
  }
}

const trusting: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "a server of an authority that was given is trusted",
    async run(context) {
      const { authorityPem, strangerAuthorityPem, server } = context.certificates;
      assert.equal(await tryTls(context, server, { caPem: authorityPem }), "https:");
      assert.equal(await tryTls(context, server, { caPem: authorityPem }, "127.0.0.1"), "https:");
      assert.equal(await tryTls(context, server, { caPem: `${strangerAuthorityPem}\n${authorityPem}` }), "https:");
    },
  },
  {
    name: "a server of an unknown authority is refused with CERTIFICATE_INVALID and a hint",
    async run(context) {
      const { server, strangerAuthorityPem } = context.certificates;
      const error = await rejectsWith(tryTls(context, server, {}), "CERTIFICATE_INVALID");
      assert.ok(error.hint !== undefined);
      await rejectsWith(tryTls(context, server, { caPem: strangerAuthorityPem }), "CERTIFICATE_INVALID");
    },
  },
  {
    name: "a server certificate for another name or out of date is refused with CERTIFICATE_INVALID",
    async run(context) {
      const { authorityPem, server, expiredServer } = context.certificates;
      await rejectsWith(tryTls(context, server, { caPem: authorityPem }, "[::ffff:127.0.0.1]"), "CERTIFICATE_INVALID");
      await rejectsWith(tryTls(context, expiredServer, { caPem: authorityPem }), "CERTIFICATE_INVALID");
    },
  },
  {
    name: "https to a server that speaks http is CERTIFICATE_INVALID",
    async run({ runtime, certificates }) {
      const server = await serve(runtime, () => new Response("plain"));
      const client = runtime.http.client({ caPem: certificates.authorityPem });
      await rejectsWith(client.fetch(`https://127.0.0.1:${server.address.port}/`), "CERTIFICATE_INVALID");
      client.close();
      await server.stop(500);
    },
  },
  {
    name: "a client certificate is presented, and missed with CERTIFICATE_INVALID",
    async run({ runtime, certificates, mutualTls }) {
      const caPem = certificates.authorityPem;
      const known = runtime.http.client({ caPem, clientCertificate: certificates.client });
      assert.equal(await (await known.fetch(mutualTls.origin)).text(), "barnacle-client");
      const unknown = runtime.http.client({ caPem });
      await rejectsWith(unknown.fetch(mutualTls.origin), "CERTIFICATE_INVALID");
      known.close();
      unknown.close();
    },
  },
  {
    name: "certificates and keys that cannot be read or do not fit are CERTIFICATE_INVALID before anything is sent",
    async run({ runtime, certificates: { client, server } }) {
      const broken = client.certPem.replace(/\n[A-Za-z0-9+/]{20}/, "\nAAAAAAAAAAAAAAAAAAAA");
      throwsWith(() => runtime.http.client({ caPem: "no certificate" }), "CERTIFICATE_INVALID");
      throwsWith(() => runtime.http.client({ caPem: broken }), "CERTIFICATE_INVALID");
      const mixed = { certPem: client.certPem, keyPem: server.keyPem };
      throwsWith(() => runtime.http.client({ clientCertificate: mixed }), "CERTIFICATE_INVALID");
      const keyless = { certPem: client.certPem, keyPem: "no key" };
      throwsWith(() => runtime.http.client({ clientCertificate: keyless }), "CERTIFICATE_INVALID");
      for (const tls of [mixed, keyless]) {
        await rejectsWith(serve(runtime, () => new Response("x"), { tls }), "CERTIFICATE_INVALID");
      }
    },
  },
];

const calling: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "a redirect comes back as it is and nothing goes to the other origin",
    async run({ runtime }) {
      let visits = 0;
      const other = await serve(runtime, () => {
        visits += 1;
        return new Response("caught");
      });
      const location = `http://127.0.0.1:${other.address.port}/elsewhere`;
      const server = await serve(
        runtime,
        (request) =>
          new Response(null, { status: Number(new URL(request.url).pathname.slice(1)), headers: { location } }),
      );
      const client = runtime.http.client({});
      for (const status of [301, 302, 303, 307, 308]) {
        const url = `http://127.0.0.1:${server.address.port}/${status}`;
        const headers = { authorization: "Bearer never to be carried over" };
        const answer = await client.fetch(url, { method: "POST", body: "x", headers, redirect: "follow" });
        assert.equal(answer.status, status);
        assert.equal(answer.headers.get("location"), location);
      }
      const answer = await client.fetch(
        new Request(`http://127.0.0.1:${server.address.port}/302`, { redirect: "follow" }),
      );
      assert.equal(answer.status, 302);
      assert.equal(visits, 0);
      client.close();
      await server.stop(500);
      await other.stop(500);
    },
  },
  {
    name: "a Request object is sent with method, headers and body",
    async run({ runtime }) {
      const server = await serve(
        runtime,
        async (request) => new Response(`${request.method} ${request.headers.get("x-test")} ${await request.text()}`),
      );
      const client = runtime.http.client({});
      const url = `http://127.0.0.1:${server.address.port}/`;
      const request = new Request(url, { method: "PUT", headers: { "x-test": "on" }, body: "body" });
      const answer = await client.fetch(request);
      assert.equal(await answer.text(), "PUT on body");
      assert.ok(answer instanceof Response);
      client.close();
      await server.stop(500);
    },
  },
  {
    name: "a call is ABORTED by its signal before and while it runs",
    async run({ runtime }) {
      const server = await serve(runtime, async () => {
        await pass(runtime.clock, 2_000);
        return new Response("late");
      });
      const client = runtime.http.client({});
      const url = `http://127.0.0.1:${server.address.port}/`;
      const controller = new AbortController();
      runtime.clock.setTimer(50, () => controller.abort());
      const startMs = runtime.clock.monotonicMs();
      await rejectsWith(client.fetch(url, { signal: controller.signal }), "ABORTED");
      await rejectsWith(client.fetch(url, { signal: controller.signal }), "ABORTED");
      assert.ok(runtime.clock.monotonicMs() - startMs < 1_500);
      client.close();
      await server.stop(100);
    },
  },
  {
    name: "a refused connection and an unknown host have their codes",
    async run({ runtime, unknownHost }) {
      const server = await serve(runtime, () => new Response("x"));
      await server.stop(100);
      const client = runtime.http.client({});
      const refused = client.fetch(`http://127.0.0.1:${server.address.port}/private?token=secret`);
      const error = await rejectsWith(refused, "CONNECTION_REFUSED");
      assert.equal(error.retryable, true);
      assert.doesNotMatch(error.message, /secret/);
      await rejectsWith(client.fetch(`http://${unknownHost}/`), "HOST_NOT_FOUND");
      await rejectsWith(client.fetch(`https://${unknownHost}/`), "HOST_NOT_FOUND");
      client.close();
    },
  },
  {
    name: "an answer cut in the middle rejects while its body is read",
    needs: ["httpWire"],
    async run({ runtime }) {
      let destroy: (() => void) | undefined;
      const listener = await runtime.network.listen({ host: "127.0.0.1", port: 0 }, (connection) => {
        destroy = () => connection.destroy();
        const head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this";
        return {
          onData: () => void connection.write(new TextEncoder().encode(head)),
          onDrain: () => undefined,
          onEnd: () => connection.end(),
          onClose: () => undefined,
        };
      });
      const client = runtime.http.client({});
      const answer = await client.fetch(`http://127.0.0.1:${listener.address.port}/`);
      const text = rejectsWith(answer.text(), "CONNECTION_CLOSED", "CONNECTION_RESET");
      await pass(runtime.clock, 50);
      destroy?.();
      await text;
      client.close();
      await listener.close();
    },
  },
  {
    name: "a request goes to its origin by itself, whatever proxy the environment names",
    async run({ runtime }) {
      const named = runtime.process.environment()["HTTP_PROXY"];
      if (runtime.name !== "sim") assert.ok(named, "the suite is run with a proxy in the environment");
      const server = await serve(runtime, (request) => new Response(request.headers.get("authorization")));
      const client = runtime.http.client({});
      const headers = { authorization: "Bearer for the origin alone" };
      const answer = await client.fetch(`http://127.0.0.1:${server.address.port}/`, { headers });
      assert.equal(await answer.text(), "Bearer for the origin alone");
      assert.equal(runtime.process.environment()["NO_PROXY"], undefined);
      client.close();
      await server.stop(500);
    },
  },
  {
    name: "close leaves the client usable and ends its idle connections where it has its own",
    async run({ runtime }) {
      const server = await serve(runtime, () => new Response("fine"));
      const client = runtime.http.client({});
      const url = `http://127.0.0.1:${server.address.port}/`;
      assert.equal(await (await client.fetch(url)).text(), "fine");
      client.close();
      client.close();
      assert.equal(await (await client.fetch(url)).text(), "fine");
      client.close();
      let stopped = false;
      void server.stop(10_000).then(() => stopped = true);
      await until(runtime.clock, 8_000, "the server stops", () => stopped);
    },
  },
];

export const FETCH_CASES: readonly ContractCase[] = [...trusting, ...calling]
  .map((one) => ({ capability: "fetch", ...one }));
