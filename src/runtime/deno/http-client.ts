/** Outgoing HTTP under Deno: its `fetch` with a client of `Deno.createHttpClient`. @module */
import type { BarnacleError } from "../../errors.ts";
import type { HttpClient, HttpClientOptions } from "../port.ts";
import { failure, fromPlatform, platformCode } from "../shared/errno.ts";
import { guardFetch } from "../shared/fetch.ts";
import { checkClientOptions, splitCertificates } from "../shared/trust.ts";
import { deno, type DenoConnection, type DenoFetchInit, type DenoHttpClient, type DenoTrust } from "./deno.ts";
import { connectFailure } from "./network.ts";

/** How long finding out why a request failed may take. */
const DIAGNOSIS_TIMEOUT_MS = 2_000;
/** How long a far end gets to say, after the handshake, that it misses our certificate. */
const ALERT_TIMEOUT_MS = 1_000;
const NO_PROXY = "NO_PROXY";
/** Names, and addresses, which the star does not mean. */
const EVERYWHERE = "*,0.0.0.0/0,::/0";

function toTrust(options: HttpClientOptions): DenoTrust {
  const { caPem, clientCertificate } = options;
  return {
    ...(caPem === undefined ? {} : { caCerts: splitCertificates(caPem, "the certificate authorities") }),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate.certPem, key: clientCertificate.keyPem }),
  };
}

function after(delayMs: number): { readonly passed: Promise<undefined>; cancel(): void } {
  const { promise: passed, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, delayMs);
  return { passed, cancel: () => clearTimeout(timer) };
}

/**
 * Deno's fetch says why it failed in words only. The same steps taken one by one give errors of distinct kinds: a code from
 * connecting, `InvalidData` from TLS. No request is sent.
 */
async function diagnose(url: URL, trust: DenoTrust, thrown: unknown, action: string): Promise<BarnacleError> {
  if (platformCode(thrown) !== undefined) return fromPlatform(thrown, action);
  const bound = after(DIAGNOSIS_TIMEOUT_MS);
  const steps = url.protocol === "https:" ? tryTls(url, trust, action) : tryTcp(url, action);
  const found = await Promise.race([steps, bound.passed]);
  bound.cancel();
  return found ?? failure("CONNECTION_CLOSED", action, thrown);
}

async function tryTcp(url: URL, action: string): Promise<BarnacleError | undefined> {
  try {
    const connection = await deno.connect(target(url));
    connection.close();
    return undefined;
  } catch (error) {
    return connectFailure(error, action);
  }
}

async function tryTls(url: URL, trust: DenoTrust, action: string): Promise<BarnacleError | undefined> {
  let connection: DenoConnection | undefined;
  const wait = after(ALERT_TIMEOUT_MS);
  try {
    const opened = await deno.connectTls({ ...target(url), ...trust });
    connection = opened;
    await opened.handshake();
    await Promise.race([opened.read(new Uint8Array(1)), wait.passed]);
    return undefined;
  } catch (error) {
    if (error instanceof deno.errors.InvalidData) return failure("CERTIFICATE_INVALID", action, error);
    return connection === undefined ? connectFailure(error, action) : fromPlatform(error, action, "CONNECTION_CLOSED");
  } finally {
    wait.cancel();
    connection?.close();
  }
}

function target(url: URL): { readonly hostname: string; readonly port: number } {
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  return { hostname, port: Number(url.port) || (url.protocol === "https:" ? 443 : 80) };
}

/**
 * A client that asks no proxy. Deno takes proxies from the environment when it makes a client and has no option against it, so the
 * variable that switches them off stands there for just that long: programs we start see the environment as it was.
 */
function createDirectClient(trust: DenoTrust): DenoHttpClient {
  const before = process.env[NO_PROXY];
  process.env[NO_PROXY] = EVERYWHERE;
  try {
    return deno.createHttpClient(trust);
  } finally {
    if (before === undefined) delete process.env[NO_PROXY];
    else process.env[NO_PROXY] = before;
  }
}

/** An outgoing client. @throws `CERTIFICATE_INVALID` when what it is given cannot be read */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  checkClientOptions(options);
  const trust = toTrust(options);
  let client: DenoHttpClient | undefined;
  return {
    fetch: guardFetch(
      (url, init) => {
        client ??= createDirectClient(trust);
        const withClient: DenoFetchInit = { ...init, client };
        return fetch(url, withClient);
      },
      (url, thrown, action) => diagnose(url, trust, thrown, action),
    ),
    close() {
      client?.close();
      client = undefined;
    },
  };
}
