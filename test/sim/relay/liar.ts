/**
 * A relay that lies: the real one, between two ends of a wire that say something else. It holds the relay's key, knows everything
 * that any other liar has seen, and tells only as much of the truth as it likes.
 *
 * @module
 */
import type { ConnectionHandler, Crypto, Network, Runtime } from "../../../src/runtime/port.ts";
import { drawMs } from "../draw.ts";
import { Forger } from "../mail/forger.ts";
import { readFrame, type SeenMessage } from "../mail/frames.ts";
import { rewire, type Wiring } from "../mail/rewiring.ts";
import { signerOf } from "../mail/sabotage.ts";
import type { SeededRandom, SimHost } from "../mod.ts";
import { type Lies, NO_LIES } from "./options.ts";
import { RELAY_PORT, type RelayFleet } from "./relay-fleet.ts";

type Frame = Uint8Array<ArrayBuffer>;

const WITHHELD_MS = [500, 120_000] as const;
const SWAP_WITHIN_MS = 1_000;
const CAPTURED_MAX = 300;
const DIAL_MS = 5_000;
const STAYS_MS = [1_000, 60_000] as const;
const LENGTH_BYTES = 4;
const ANSWERS = ["ACK", "ERROR", "PONG", "PEERS_RES"];
const DEAF: ConnectionHandler = {
  onData: () => undefined,
  onDrain: () => undefined,
  onEnd: () => undefined,
  onClose: () => undefined,
};

/** What all liars of a world have seen. */
const seenBy = new WeakMap<RelayFleet, Frame[]>();

export class Liar {
  /** From now on it relays, and nothing else. */
  isHonest = false;
  readonly #fleet: RelayFleet;
  readonly #host: SimHost;
  readonly #lies: Lies;
  readonly #random: SeededRandom;
  #forger: Forger | undefined;

  constructor(fleet: RelayFleet, host: SimHost, lies: Lies) {
    this.#fleet = fleet;
    this.#host = host;
    this.#lies = lies;
    this.#random = fleet.world.random.fork();
  }

  /** The network of a relay's process, in the liar's hands. */
  change(runtime: Runtime): Network {
    return rewire(runtime.network, (say) => this.#wiring(say, runtime));
  }

  get #rates(): Lies {
    return this.isHonest ? NO_LIES : this.#lies;
  }

  get #captured(): Frame[] {
    const captured = seenBy.get(this.#fleet) ?? [];
    seenBy.set(this.#fleet, captured);
    return captured;
  }

  #wiring(say: (frame: Frame) => void, runtime: Runtime): Wiring {
    const passage = new Passage(say, this.#fleet);
    return {
      outgoing: (frame) => this.#passOn(frame, passage),
      incoming: (frame) => {
        this.#capture(frame);
        const message = readFrame(frame);
        return message === undefined || this.#isTaken(message, frame, say, runtime) ? [] : [frame];
      },
    };
  }

  /** What leaves for a node. */
  #passOn(frame: Frame, passage: Passage): readonly Frame[] {
    const random = this.#random;
    const rates = this.#rates;
    const t = readFrame(frame)?.t ?? "";
    if (random.chance(rates.drop)) return [];
    if (t === "DIRECT" && random.chance(rates.dropMail)) return [];
    if (ANSWERS.includes(t) && random.chance(rates.dropAnswers)) return [];
    if (random.chance(rates.withhold)) return passage.later(frame, drawMs(random, WITHHELD_MS));
    const told: Frame[] = [];
    if (random.chance(rates.replay) && this.#captured.length > 0) told.push(random.pick(this.#captured));
    if (random.chance(rates.swap) && passage.hold(frame)) return told;
    told.push(random.chance(rates.corrupt) ? this.#corrupted(frame) : frame);
    if (random.chance(rates.duplicate)) told.push(frame);
    return [...told, ...passage.held()];
  }

  /** Whether what a node says stays with the liar. */
  #isTaken(message: SeenMessage, frame: Frame, say: (frame: Frame) => void, runtime: Runtime): boolean {
    const random = this.#random;
    const rates = this.#rates;
    const { t, to = "" } = message;
    const isForRelay = to === "" || this.#fleet.mailOfNode(to) === undefined;
    if (t === "HELLO" && isForRelay) {
      if (random.chance(rates.replayHello)) this.#playElsewhere(frame);
      if (!random.chance(rates.impersonate)) return false;
      say(this.#as(message));
      return true;
    }
    if (isForRelay || ANSWERS.includes(t)) return false;
    if (random.chance(rates.forge)) {
      for (const answer of this.#forged(message, runtime.crypto)) say(answer);
      if (random.chance(0.5)) return true;
    }
    if (!random.chance(rates.unreachable)) return false;
    say(
      this.#said(runtime.crypto, message, "ERROR", {
        ref: message.id,
        code: "UNREACHABLE",
        detail: "never heard of it",
      }),
    );
    return true;
  }

  #capture(frame: Frame): void {
    const captured = this.#captured;
    if (captured.length < CAPTURED_MAX) captured.push(frame);
    else captured[this.#random.integer(0, CAPTURED_MAX - 1)] = frame;
  }

  /** Some bytes are others, or the length is. */
  #corrupted(frame: Frame): Frame {
    const random = this.#random;
    const other = frame.slice();
    const first = random.chance(0.2) ? 0 : LENGTH_BYTES;
    for (let left = random.integer(1, 4); left > 0; left--) {
      const at = random.integer(first, other.length - 1);
      other[at] = (other[at] ?? 0) ^ random.integer(1, 255);
    }
    return other;
  }

  /** Says `HELLO_ACK` as somebody else: under a key of its own, or with what another relay once said. */
  #as({ from }: SeenMessage): Frame {
    const overheard = this.#captured.filter((frame) => readFrame(frame)?.t === "HELLO_ACK");
    if (overheard.length > 0 && this.#random.chance(0.5)) return this.#random.pick(overheard);
    const { nowMs, signer } = this.#forgery;
    const addrs = [`relay://${this.#host.name}:${RELAY_PORT}`];
    const peer = signer.record({ addrs, ts: nowMs, expires: nowMs + 600_000 });
    return this.#forgery.own("HELLO_ACK", from, { agent: "another/1", peer });
  }

  #forged(message: SeenMessage, crypto: Crypto): Frame[] {
    const { from, id } = message;
    const forger = this.#forgery;
    forger.learn(message);
    return [
      ...forger.answers(message),
      this.#said(crypto, message, "ACK", { ref: id }),
      this.#said(crypto, message, "ERROR", { ref: id, code: "REPLAY", detail: "it was delivered before" }),
      this.#said(crypto, message, "ERROR", { ref: id, code: "UNSUPPORTED", detail: "not here, not ever" }),
      forger.inTheNameOf(message.to ?? "", "ERROR", from, { ref: id, code: "UNSUPPORTED", detail: "go away" }),
    ];
  }

  /** In the relay's own name, under its own key. */
  #said(crypto: Crypto, { from }: SeenMessage, t: "ACK" | "ERROR", body: object): Frame {
    const draft = { t, id: this.#forgery.newId(), to: from, ts: Math.floor(this.#host.wallMs()), body };
    return signerOf(this.#host, crypto).frame(draft as Parameters<ReturnType<typeof signerOf>["frame"]>[0]);
  }

  get #forgery(): Forger {
    if (this.#forger === undefined || !this.#forger.isUsable) this.#forger = new Forger(this.#host);
    return this.#forger;
  }

  /** Registers with an honest relay in the name of whoever said it, if that lets it, and takes what comes. */
  #playElsewhere(frame: Frame): void {
    const { honest, world } = this.#fleet;
    if (!this.#host.isUp) return;
    const target = this.#random.pick(honest);
    const { process, runtime } = this.#host.startIdle({ name: "impostor" });
    const staysMs = drawMs(this.#random, STAYS_MS);
    world.note(`${this.#host.name} plays a HELLO to ${target.name}`);
    const dialled = runtime.network.dial({ host: target.name, port: RELAY_PORT }, DEAF, { timeoutMs: DIAL_MS });
    dialled.then((connection) => void connection.write(frame), () => undefined);
    world.after(staysMs, () => process.kill());
  }
}

/** What is kept of one connection's frames. */
class Passage {
  readonly #say: (frame: Frame) => void;
  readonly #fleet: RelayFleet;
  #held: Frame | undefined;

  constructor(say: (frame: Frame) => void, fleet: RelayFleet) {
    this.#say = say;
    this.#fleet = fleet;
  }

  later(frame: Frame, afterMs: number): readonly Frame[] {
    this.#fleet.world.after(afterMs, () => this.#say(frame));
    return [];
  }

  /** Keeps a frame for a while, if it keeps none. */
  hold(frame: Frame): boolean {
    if (this.#held !== undefined) return false;
    this.#held = frame;
    this.#fleet.world.after(SWAP_WITHIN_MS, () => this.held().forEach((kept) => this.#say(kept)));
    return true;
  }

  /** The frame that was kept, no more. */
  held(): readonly Frame[] {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined ? [] : [held];
  }
}
