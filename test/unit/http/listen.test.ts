/**
 * Hunts: an open listener on an address that others reach, a loopback listener without its guard, a busy port that does
 * not say which.
 */
import { describe, expect, test } from "vitest";
import { isLoopbackHost } from "../../../src/address.ts";
import { BarnacleError, type ErrorCode } from "../../../src/errors.ts";
import { isLoopbackAuthority, listen } from "../../../src/http/mod.ts";
import { HTTP_CONNECTIONS_MAX, HTTP_IDLE_TIMEOUT_MS } from "../../../src/limits.ts";
import type { HttpServer, ServeOptions, SocketAddress } from "../../../src/runtime/port.ts";
import { makeAppBench, openRoute } from "./support.ts";

function fakeHttp(failure?: ErrorCode) {
  const served: ServeOptions[] = [];
  const stopped: number[] = [];
  const serve = (options: ServeOptions): Promise<HttpServer> => {
    if (failure !== undefined) return Promise.reject(new BarnacleError({ code: failure, action: "Bind" }));
    served.push(options);
    const address = { host: options.address.host, port: options.address.port === 0 ? 45_678 : options.address.port };
    return Promise.resolve({ address, stop: (graceMs) => Promise.resolve(void stopped.push(graceMs)) });
  };
  return { serve, served, stopped };
}

const at = (host: string, port = 0): SocketAddress => ({ host, port });

describe("listen", () => {
  test("announces the address and port that were taken, IPv6 in brackets", async () => {
    const cases = [
      ["127.0.0.1", undefined, "127.0.0.1:45678", "http://127.0.0.1:45678"],
      ["::1", undefined, "[::1]:45678", "http://[::1]:45678"],
      ["localhost", { certPem: "c", keyPem: "k" }, "localhost:45678", "https://localhost:45678"],
    ] as const;
    for (const [host, tls, address, url] of cases) {
      const { app, log } = makeAppBench([openRoute()]);
      await listen(fakeHttp(), app, { address: at(host), tls, role: "agent", log });
      expect(log.named("listening").map((logged) => logged.fields)).toEqual([{ role: "agent", address, url }]);
    }
  });

  test("serves within the limits, guarded on loopback and only there", async () => {
    const { app, log } = makeAppBench([openRoute()]);
    const http = fakeHttp();
    await listen(http, app, { address: at("127.0.0.1"), role: "agent", log });
    await listen(http, app, { address: at("0.0.0.0"), role: "agent", log });
    expect(http.served.map((options) => [options.idleTimeoutMs, options.connectionsMax]))
      .toEqual(Array(2).fill([HTTP_IDLE_TIMEOUT_MS, HTTP_CONNECTIONS_MAX]));
    const request = () => new Request("http://status.example/thing");
    const statuses = await Promise.all(
      http.served.map(async (options) => (await options.handler(request(), { remoteHost: "" })).status),
    );
    expect(statuses).toEqual([403, 200]);
  });

  test("refuses token routes without an authenticator on an address that others reach", async () => {
    const { app, log } = makeAppBench([openRoute({ access: "token" })]);
    const http = fakeHttp();
    await expect(listen(http, app, { address: at("0.0.0.0", 80), role: "agent", log })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      action: "Listen on 0.0.0.0:80 (agent)",
    });
    expect(http.served).toEqual([]);
    await listen(http, app, { address: at("127.0.0.1"), role: "agent", log });
    const guarded = makeAppBench([openRoute({ access: "token" })], {
      authenticator: { authenticate: () => undefined },
    });
    await listen(http, guarded.app, { address: at("0.0.0.0"), role: "agent", log });
  });

  test("says which port is busy and how to find who holds it", async () => {
    const { app, log } = makeAppBench([openRoute()]);
    const failing = listen(fakeHttp("ADDRESS_IN_USE"), app, { address: at("127.0.0.1", 7410), role: "agent", log });
    await expect(failing).rejects.toMatchObject({
      code: "ADDRESS_IN_USE",
      action: "Listen on 127.0.0.1:7410 (agent)",
      hint: expect.stringMatching(/7410.*ss -ltnp.*lsof/),
    });
  });

  test("stops serving when what comes before the announcement fails", async () => {
    const { app, log } = makeAppBench([openRoute()]);
    const http = fakeHttp();
    const beforeAnnouncing = () => Promise.reject(new Error("not yet"));
    await expect(listen(http, app, { address: at("127.0.0.1"), role: "agent", log, beforeAnnouncing })).rejects.toThrow(
      "not yet",
    );
    expect([http.stopped.length, log.named("listening").length]).toEqual([1, 0]);
  });
});

describe("isLoopbackHost", () => {
  test("knows this host's names and no others", () => {
    const yes = [
      "localhost",
      "LocalHost.",
      "a.localhost",
      "127.0.0.1",
      "127.255.255.254",
      "::1",
      "[::1]",
      "::ffff:127.0.0.1",
    ];
    const no = [
      "",
      "localhost.example",
      "127.0.0.1.example",
      "1270.0.1",
      "0.0.0.0",
      "::",
      "::2",
      "10.0.0.1",
      "example",
    ];
    expect(yes.filter((host) => !isLoopbackHost(host))).toEqual([]);
    expect(no.filter((host) => isLoopbackHost(host))).toEqual([]);
    expect(["127.0.0.1:x", "::1:80", "127.0.0.1:80:80", "u@localhost"].filter(isLoopbackAuthority)).toEqual([]);
  });
});
