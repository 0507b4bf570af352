/** The relay's mailbox as a process meets it: killed with what it keeps, started again, and come for. */
import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { FrameReader, type Signer } from "../../src/moltcomm/wire/mod.ts";
import { directFrame, helloFrame, makeSigner } from "../bench/mail-stranger.ts";
import { type Running, Stage, type Way } from "./barnacle.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
const MAILBOX = { BARNACLE_RELAY_MAILBOX_ENABLED: "true" };
const FRAMES = 300;

interface Received {
  readonly t: string;
  readonly body: { readonly msg?: string; readonly nonce?: string; readonly agent?: string };
}

/** A node on a plain socket, that answers every `PING`. */
class Node {
  readonly received: Received[] = [];
  readonly socket: Socket;
  readonly #reader = new FrameReader({ maxFrameBytes: 1_048_576 });

  constructor(signer: Signer, port: number, relayId: string) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk: Uint8Array) => {
      this.#reader.push(chunk);
      for (let body = this.#reader.next(); body !== undefined; body = this.#reader.next()) {
        const message = JSON.parse(new TextDecoder().decode(body)) as Received;
        this.received.push(message);
        if (message.t !== "PING") continue;
        const answer = { nonce: message.body.nonce ?? "" };
        this.socket.write(signer.frame({ t: "PONG", id: randomUUID(), to: relayId, ts: Date.now(), body: answer }));
      }
    });
    this.socket.write(helloFrame(signer, { to: relayId, address: `relay://127.0.0.1:${port}` }));
  }

  get texts(): string[] {
    return this.received.flatMap(({ t, body }) => t === "DIRECT" ? body.msg ?? "" : []);
  }

  async acknowledged(): Promise<string> {
    await until(() => this.received.some(({ t }) => t === "HELLO_ACK"));
    return this.received.find(({ t }) => t === "HELLO_ACK")?.body.agent ?? "";
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + TEST_TIMEOUT_MS / 2;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error("What was waited for did not happen");
    await pause(10);
  }
}

export function defineRelayTests(way: Way): void {
  let stage = new Stage(way);
  afterEach(async () => {
    await stage.clear();
    stage = new Stage(way);
  });

  async function prepare(): Promise<{ readonly folder: string; readonly relayId: string }> {
    const folder = stage.folder();
    const info = await stage.run(["relay", "info", "--json", "--dir", folder], { environment: MAILBOX });
    const { node_id: relayId, mailbox } = JSON.parse(info.stdout) as { node_id: string; mailbox: unknown };
    expect(mailbox).toEqual({ keep_hours: 72 });
    return { folder, relayId };
  }

  function startRelay(folder: string, environment: Readonly<Record<string, string>> = MAILBOX): Running {
    const given = ["relay", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--dir", folder, "--log", "json"];
    return stage.start(given, { environment });
  }

  const portOf = async (relay: Running) => Number(new URL(await relay.url("relay")).port);

  async function gauge(relay: Running, name: string): Promise<number> {
    const text = await (await fetch(`${await relay.url("http")}/metrics`)).text();
    return Number(text.split("\n").find((line) => line.startsWith(`barnacle_relay_${name} `))?.split(" ")[1]);
  }

  describe("the relay's mailbox", () => {
    test("survives kill -9 with what it keeps, and hands it over in order", timeout, async () => {
      const { folder, relayId } = await prepare();
      const [sender, recipient] = [makeSigner(), makeSigner()];
      const first = startRelay(folder);
      const port = await portOf(first);
      const before = new Node(recipient, port, relayId);
      expect(await before.acknowledged()).toMatch(/ relay mailbox$/);
      before.socket.destroy();
      const writer = new Node(sender, port, relayId);
      await writer.acknowledged();
      await until(async () => await gauge(first, "registered") === 1);
      const texts = Array.from({ length: FRAMES }, (_, index) => `message ${index}`);
      for (const msg of texts) {
        writer.socket.write(directFrame(sender, { to: recipient.nodeId, id: randomUUID(), msg }));
      }
      await until(async () => await gauge(first, "mailbox_frames") === FRAMES);
      await first.stop("SIGKILL");
      const second = startRelay(folder);
      const after = new Node(recipient, await portOf(second), relayId);
      await until(() => after.texts.length === FRAMES);
      expect(after.texts).toEqual(texts);
      await until(async () => await gauge(second, "mailbox_frames") === 0);
      expect((await second.stop()).code).toBe(0);
    });

    test("is off unless it is asked for", timeout, async () => {
      const { folder, relayId } = await prepare();
      const relay = startRelay(folder, {});
      const node = new Node(makeSigner(), await portOf(relay), relayId);
      expect(await node.acknowledged()).toMatch(/ relay$/);
      expect(await gauge(relay, "mailbox_frames")).toBeNaN();
    });
  });
}
