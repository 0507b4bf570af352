/** Hunts: an address that other hosts can reach taken for loopback, and addresses that come back changed. */
import { describe, expect, test } from "vitest";
import { formatAddress, isLoopbackHost } from "../../../src/address.ts";
import { parseListenAddress } from "../../../src/config/mod.ts";

describe("parseListenAddress", () => {
  test.each([
    ["127.0.0.1:7410", "127.0.0.1", 7410],
    ["0.0.0.0:0", "0.0.0.0", 0],
    ["[::1]:7410", "::1", 7410],
    ["[::]:65535", "::", 65535],
    ["[fe80::1%eth0]:1", "fe80::1%eth0", 1],
    ["[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1],
    ["localhost:80", "localhost", 80],
    ["my-host.example.com:80", "my-host.example.com", 80],
  ])("reads %s, and formatAddress writes it again", (text, host, port) => {
    expect(parseListenAddress(text)).toEqual({ host, port });
    expect(formatAddress({ host, port })).toBe(text);
  });

  test.each(["", "7410", ":7410", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1e3"])(
    "refuses %j",
    (text) => {
      expect(() => parseListenAddress(text)).toThrowError(expect.objectContaining({ code: "CONFIG_INVALID" }));
    },
  );

  test.each([
    "::1:7410",
    "[::1]",
    "[::1:7410",
    "[localhost]:80",
    "[1.2.3.4]:80",
    "[::1::2]:80",
    "http://x:80",
    "a b:80",
    "x:80\n",
  ])(
    "refuses %j",
    (text) => {
      expect(() => parseListenAddress(text)).toThrowError(expect.objectContaining({ code: "CONFIG_INVALID" }));
    },
  );
});

describe("isLoopbackHost", () => {
  test.each([
    "localhost",
    "LOCALHOST",
    "localhost.",
    "hub.localhost",
    "127.0.0.1",
    "127.255.0.3",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
  ])(
    "is true for %s",
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );

  test.each([
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "128.0.0.1",
    "127.0.0.1.example.com",
    "127.example.com",
    "localhost.example.com",
    "notlocalhost",
    "::2",
    "",
  ])(
    "is false for %j",
    (host) => {
      expect(isLoopbackHost(host)).toBe(false);
    },
  );
});
