/**
 * What the cases need around them, made once per run by a process of Node's own: certificates, an HTTPS server that wants client
 * certificates, and an address that swallows attempts to connect. Prints all of it as one line of JSON and lives until its
 * standard input ends.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { createInterface } from "node:readline";
import type { TLSSocket } from "node:tls";
import { makeAuthority, makeLeaf } from "../support/certificates.ts";
import type { Certificates } from "./case.ts";

/** What `run.ts` is given. */
export interface Peers {
  readonly certificates: Certificates;
  readonly mutualTlsOrigin: string;
  readonly blackHolePort: number;
}

const DAY_MS = 86_400_000;

async function makeCertificates(): Promise<Certificates> {
  const [authority, stranger] = await Promise.all([makeAuthority("Contract CA"), makeAuthority("Stranger CA")]);
  const past = { notBeforeDate: new Date(Date.now() - 10 * DAY_MS), notAfterDate: new Date(Date.now() - DAY_MS) };
  const [server, expiredServer, client] = await Promise.all([
    makeLeaf(authority, "localhost"),
    makeLeaf(authority, "localhost", past),
    makeLeaf(authority, "barnacle-client"),
  ]);
  return { authorityPem: authority.certPem, strangerAuthorityPem: stranger.certPem, server, expiredServer, client };
}

async function serveMutualTls({ authorityPem, server }: Certificates): Promise<string> {
  const https = createServer(
    { cert: server.certPem, key: server.keyPem, ca: authorityPem, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      response.end(subject.CN);
    },
  );
  await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
  return `https://localhost:${(https.address() as AddressInfo).port}`;
}

/** The shortest queue of connections that a listener can ask for. Linux completes one more than asked. */
const BACKLOG = 1;

/** A process that listens with that queue and then never accepts; once the queue is full, the kernel drops further SYNs. */
const BLACK_HOLE = `
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: ${BACKLOG} }, () => {
  require("node:fs").writeSync(1, server.address().port + "\\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

async function openBlackHole(): Promise<number> {
  const child = spawn(process.execPath, ["-e", BLACK_HOLE], { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  const port = await new Promise<number>((resolve) =>
    createInterface(child.stdout).once("line", (line) => resolve(Number(line)))
  );
  for (let queued = 0; queued < BACKLOG + 1; queued += 1) await once(connect(port, "127.0.0.1"), "connect");
  return port;
}

const [certificates, blackHolePort] = await Promise.all([makeCertificates(), openBlackHole()]);
const peers: Peers = { certificates, blackHolePort, mutualTlsOrigin: await serveMutualTls(certificates) };
process.stdout.write(`${JSON.stringify(peers)}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
