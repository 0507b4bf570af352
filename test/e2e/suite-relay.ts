/** The relay's mailbox as a process meets it: killed with what it keeps, started again, and come for. */
import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { FrameReader, type Signer } from "../../src/moltcomm/wire/mod.ts";
import { directFrame, helloFrame, makeSigner } from "../bench/mail-stranger.ts";
import { NatsServer } from "../support/nats-server.ts";
import { type Running, Stage, type Way } from "./barnacle.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
const MAILBOX = { BARNACLE_RELAY_MAILBOX_ENABLED: "true" };
const FRAMES = 300;

interface Received {
  readonly t: string;
  readonly body: {
    readonly msg?: string;
    readonly nonce?: string;
    readonly agent?: string;
    readonly ref?: string;
    readonly code?: string;
  };
}

/** A node on a plain socket, that answers every `PING`. */
class Node {
  readonly received: Received[] = [];
  readonly socket: Socket;
  readonly #signer: Signer;
  readonly #reader = new FrameReader({ maxFrameBytes: 1_048_576 });

  constructor(signer: Signer, port: number, relayId: string, onText: (msg: string) => void = () => undefined) {
    this.#signer = signer;
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk: Uint8Array) => {
      this.#reader.push(chunk);
      for (let body = this.#reader.next(); body !== undefined; body = this.#reader.next()) {
        const message = JSON.parse(new TextDecoder().decode(body)) as Received;
        this.received.push(message);
        if (message.t === "DIRECT") onText(message.body.msg ?? "");
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

  /** Sends a message. @returns its id */
  say(msg: string, to: string): string {
    const id = randomUUID();
    this.socket.write(directFrame(this.#signer, { to, id, msg }));
    return id;
  }

  /** The code of the relay's word on a message. */
  async codeFor(id: string): Promise<string> {
    const word = () => this.received.find(({ t, body }) => t === "ERROR" && body.ref === id);
    await until(() => word() !== undefined);
    return word()?.body.code ?? "";
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
      for (const msg of texts) writer.say(msg, recipient.nodeId);
      await until(async () => await gauge(first, "mailbox_frames") === FRAMES);
      await first.stop("SIGKILL");
      const second = startRelay(folder);
      const after = new Node(recipient, await portOf(second), relayId);
      await until(() => after.texts.length === FRAMES);
      expect(after.texts).toEqual(texts);
      await until(async () => await gauge(second, "mailbox_frames") === 0);
      expect((await second.stop()).code).toBe(0);
    });

    test("is shared in NATS: kept at one relay, handed over by two at once, in order", timeout, async () => {
      const nats = await NatsServer.start();
      try {
        const environment = { ...MAILBOX, BARNACLE_RELAY_MAILBOX_NATS_URLS: nats.url };
        const [here, there] = [await prepare(), await prepare()];
        const relays = [startRelay(here.folder, environment), startRelay(there.folder, environment)] as const;
        for (const relay of relays) await until(async () => await gauge(relay, "mailbox_working") === 1);
        const [sender, recipient] = [makeSigner(), makeSigner()];
        const [port, otherPort] = [await portOf(relays[0]), await portOf(relays[1])];
        const before = new Node(recipient, otherPort, there.relayId);
        await before.acknowledged();
        before.socket.destroy();
        await until(async () => await gauge(relays[1], "registered") === 0);
        const writer = new Node(sender, port, here.relayId);
        await writer.acknowledged();
        const texts = Array.from({ length: FRAMES }, (_, index) => `message ${index}`);
        for (const msg of texts) writer.say(msg, recipient.nodeId);
        await until(async () => await gauge(relays[0], "mailbox_kept_frames_total") === FRAMES);
        const arrived: string[] = [];
        const note = (msg: string) => arrived.push(msg);
        const both = [
          new Node(recipient, port, here.relayId, note),
          new Node(recipient, otherPort, there.relayId, note),
        ] as const;
        await until(() => new Set(arrived).size === FRAMES);
        expect([...new Set(arrived)]).toEqual(texts);
        for (const node of both) node.socket.destroy();
        await until(async () => await gauge(relays[0], "registered") === 1);
        // Without the server nothing is kept, and the relay goes on; with it, it keeps again.
        await nats.kill();
        await until(async () => await gauge(relays[0], "mailbox_working") === 0);
        expect(await writer.codeFor(writer.say("lost", recipient.nodeId))).toBe("UNREACHABLE");
        await nats.start();
        await until(async () => await gauge(relays[0], "mailbox_working") === 1);
        expect(await writer.codeFor(writer.say("kept", recipient.nodeId))).toBe("KEPT");
        const after = new Node(recipient, otherPort, there.relayId);
        await until(() => after.texts.includes("kept"));
      } finally {
        await nats.clear();
      }
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
