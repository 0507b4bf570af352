/** A plain MoltComm client for the bench: says `HELLO`, sends what it signed, and reads the answers. */
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { connect, type Socket } from "node:net";
import { FrameReader, Signer } from "../../src/moltcomm/wire/mod.ts";

const MAX_FRAME_BYTES = 1_048_576;
const RECORD_LASTS_MS = 30 * 60_000;
const ANSWER_TIMEOUT_MS = 20_000;

interface Answer {
  readonly t: string;
  readonly body: { readonly ref?: string; readonly code?: string };
}

/** A node of its own, with a fresh key. */
export function makeSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicSpki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  const sha256 = (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest());
  return new Signer({ crypto: { sha256 } }, {
    publicSpki,
    sign: (data) => new Uint8Array(sign(null, data, privateKey)),
  });
}

/** @param address where this node says it is reached */
export function helloFrame(signer: Signer, init: { readonly to: string; readonly address: string }): Uint8Array {
  const ts = Date.now();
  const peer = signer.record({ addrs: [init.address], ts, expires: ts + RECORD_LASTS_MS });
  return signer.frame({ t: "HELLO", id: randomUUID(), to: init.to, ts, body: { agent: "bench", peer } });
}

export function directFrame(
  signer: Signer,
  init: { readonly to: string; readonly id: string; readonly msg: string },
): Uint8Array {
  const { to, id, msg } = init;
  return signer.frame({ t: "DIRECT", id, to, ts: Date.now(), body: { msg } });
}

/** A connection to an agent. */
export class Stranger {
  readonly #socket: Socket;
  readonly #reader = new FrameReader({ maxFrameBytes: MAX_FRAME_BYTES });
  /** How many answers came, by type, errors by their code. */
  readonly answers = new Map<string, number>();
  onAnswer: (answer: Answer) => void = () => undefined;
  #isLost = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const decoder = new TextDecoder();
    socket.on("error", () => this.#isLost = true);
    socket.on("close", () => this.#isLost = true);
    socket.on("data", (chunk: Uint8Array) => {
      this.#reader.push(chunk);
      for (let body = this.#reader.next(); body !== undefined; body = this.#reader.next()) {
        this.#take(JSON.parse(decoder.decode(body)) as Answer);
      }
    });
  }

  static open(port: number): Promise<Stranger> {
    return new Promise((opened, fail) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => {
        socket.off("error", fail);
        opened(new Stranger(socket));
      });
      socket.once("error", fail);
    });
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** @returns whether more may be written at once */
  write(frame: Uint8Array): boolean {
    return this.#socket.write(frame);
  }

  drained(): Promise<void> {
    return new Promise((done) => this.#socket.once("drain", done));
  }

  /** Waits for a number of answers of a type. @throws Error when they do not come */
  async answered(type: string, count: number): Promise<void> {
    const endMs = performance.now() + ANSWER_TIMEOUT_MS;
    while ((this.answers.get(type) ?? 0) < count) {
      if (this.#isLost || performance.now() > endMs) {
        throw new Error(
          `Bench: wanted ${count} ${type}, got ${JSON.stringify([...this.answers])}${
            this.#isLost ? ", then the end" : ""
          }`,
        );
      }
      await new Promise((wake) => setTimeout(wake, 5));
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(answer: Answer): void {
    const kind = answer.t === "ERROR" ? answer.body.code ?? "ERROR" : answer.t;
    this.answers.set(kind, (this.answers.get(kind) ?? 0) + 1);
    this.onAnswer(answer);
  }
}
