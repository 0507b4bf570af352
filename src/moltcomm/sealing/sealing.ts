/**
 * What is sealed, what may go in plain, and what must stay here. Source: MoltComm v1, section 11, reading 10.
 *
 * To a node that announces sealing, messages go sealed. To one that never did, they go in plain, as v1 says. To one that did once and
 * does not now, nothing goes until it does again or the operator allows plain messages to it: else whoever holds a node's key, or an
 * old release of its software, could turn sealing off for its correspondents without a word. Nor does a change of our own configuration:
 * with `off`, what was sealed to a node before stays sealed, until the operator allows plain messages to that node.
 *
 * @module
 */
import { decodeBase64 } from "../../contract/mod.ts";
import type { Logger } from "../../log/mod.ts";
import type { Counter, Metrics } from "../../metrics/mod.ts";
import { SEALING_PEERS_MAX } from "../bounds.ts";
import type { Identity } from "../identity.ts";
import { failure, type RequestFailure } from "../requests.ts";
import type { OutgoingMessage } from "../types.ts";
import type { PeerRecord, ProtocolErrorCode } from "../wire/types.ts";
import { announceSealing, announcesSealing, announcesSeries } from "./announcement.ts";
import { x25519OfEd25519 } from "./curve.ts";
import { SealingMemory, type SealingMemoryComponents } from "./memory.ts";
import type { Addressing } from "./sealed-text.ts";
import { type Opened, Sealer, type SealerComponents } from "./sealer.ts";
import type { SentSeries } from "./series.ts";

/**
 * `auto`: sealed to whoever announces it. `required`: nothing in plain, either way. `off`: not announced, and used for sending only to
 * nodes that something was sealed to before.
 */
export type SealingMode = "auto" | "required" | "off";

/** What sealing works with. */
export interface SealingComponents extends SealingMemoryComponents, SealerComponents {
  readonly log: Logger;
  readonly random: SealingMemoryComponents["random"];
  readonly metrics: Metrics;
}

/** What the operator says about sealing. */
export interface SealingChoice {
  readonly mode: SealingMode;
  /** When plain messages to a node were allowed, Unix milliseconds; `undefined` where they are not. */
  readonly unsealedAtMs: (nodeId: string) => number | undefined;
}

/** Whose announcement it is, signed; `ts` is the message's. */
export interface Announcement {
  readonly nodeId: string;
  readonly agent: string | undefined;
  readonly record: PeerRecord;
  readonly ts: number;
}

interface Peer {
  announces: boolean;
  /** It takes series, too. */
  takesSeries: boolean;
  readonly pub: string;
  ts: number;
  /** Its key in X25519 form, once something is sealed to it. */
  publicKey: Uint8Array | undefined;
  /** What is sealed to it now, and what is being begun. */
  series: SentSeries | undefined;
  beginning: Promise<SentSeries> | undefined;
}

/** What an incoming sealed message came to. */
export type Unsealed =
  | { readonly msg: string }
  | { readonly refused: { readonly code: ProtocolErrorCode; readonly detail: string } };

/** See the module's description. */
export class Sealing {
  readonly #components: SealingComponents;
  readonly #choice: SealingChoice;
  readonly #nodeId: string;
  readonly #sealer: Sealer;
  readonly #memory: SealingMemory;
  readonly #messages: Counter;
  /** Who shook hands lately, the one longest unseen first. */
  readonly #peers = new Map<string, Peer>();

  constructor(
    components: SealingComponents,
    init: { readonly choice: SealingChoice; readonly identity: Identity; readonly directory: string },
  ) {
    this.#components = components;
    this.#choice = init.choice;
    this.#nodeId = init.identity.nodeId;
    this.#sealer = new Sealer(components, init.identity);
    this.#memory = new SealingMemory(components, init);
    this.#messages = components.metrics.counter(
      "barnacle_moltcomm_sealed_messages_total",
      "Sealed messages: sealed for an attempt, withheld since plain text is not allowed, opened, refused.",
      ["outcome"],
    );
  }

  /** Reads what is remembered. @throws `PERMISSION_DENIED`, `IO_ERROR` */
  async load(): Promise<void> {
    await this.#memory.load();
  }

  start(): void {
    this.#memory.start();
  }

  async stop(): Promise<void> {
    await this.#memory.stop();
  }

  /** Our own `agent`, with what it announces. */
  agent(software: string): string {
    return this.#choice.mode === "off" ? software : announceSealing(software);
  }

  /** A node shook hands. An older message that somebody plays again takes nothing back. */
  met({ nodeId, agent, record, ts }: Announcement): void {
    const known = this.#peers.get(nodeId);
    if (known !== undefined && known.ts > ts) return;
    const announces = announcesSealing(agent);
    // A node id stands for one key: what was made of that stays right.
    const peer: Peer = known ??
      {
        announces,
        takesSeries: false,
        pub: record.pub,
        ts,
        publicKey: undefined,
        series: undefined,
        beginning: undefined,
      };
    peer.announces = announces;
    peer.takesSeries = announcesSeries(agent);
    peer.ts = ts;
    this.#peers.delete(nodeId);
    this.#peers.set(nodeId, peer);
    const [longestUnseen] = this.#peers.keys();
    if (this.#peers.size > SEALING_PEERS_MAX && longestUnseen !== undefined) this.#peers.delete(longestUnseen);
    const isUsed = this.#choice.mode !== "off";
    if (announces && isUsed && !this.#isWithheld(nodeId)) this.#memory.announced(nodeId);
  }

  /** How a message to this node must go now; a failure where it must not. */
  wayTo(nodeId: string): "plain" | "sealed" | RequestFailure {
    const { mode } = this.#choice;
    const isWithheld = this.#isWithheld(nodeId);
    if (this.#peers.get(nodeId)?.announces === true && (mode !== "off" || isWithheld)) return "sealed";
    if (mode !== "required" && !isWithheld) return "plain";
    this.#messages.increment({ outcome: "withheld" });
    return failure(
      "NOT_SEALED",
      mode === "required"
        ? "the recipient does not say that it takes sealed messages, and moltcomm.sealing is required"
        : "the recipient took sealed messages before and does not say so now; barnacle contacts unseal allows plain ones",
    );
  }

  /** As `seal`, where it can be done at once; else `undefined`. */
  sealNow({ to, id, msg }: OutgoingMessage): string | undefined {
    const peer = this.#peers.get(to);
    if (peer?.series === undefined || !peer.takesSeries || !this.#memory.isKept(to) || !msg.isWellFormed()) {
      return undefined;
    }
    const nowMs = this.#components.clock.wallMs();
    const sealed = this.#sealer.sealNext(msg, peer.series, { from: this.#nodeId, to, id }, nowMs);
    if (sealed !== undefined) this.#messages.increment(SENT);
    return sealed;
  }

  /** The text of a message as it goes over the wire, or why it cannot. Never rejects. */
  async seal({ to, id, msg }: OutgoingMessage): Promise<string | RequestFailure> {
    if (!msg.isWellFormed()) {
      return failure("BAD_FRAME", "the message is no well-formed Unicode, which no peer takes");
    }
    try {
      // Else a later life could send it something in plain.
      if (!this.#memory.isKept(to) && !await this.#memory.keep(to)) {
        return failure("NOT_SEALED", "the disk does not take that messages to the recipient are sealed from now on");
      }
      const sealed = await this.#sealTo(this.#peerOf(to), msg, { from: this.#nodeId, to, id });
      this.#messages.increment(SENT);
      return sealed;
    } catch (thrown) {
      this.#components.log.problem("moltcomm_seal", "error", "message_not_sealed", { to, error: thrown });
      return failure("NOT_SEALED", "the message could not be sealed to the recipient's key");
    }
  }

  /** Why a message that came in plain is not taken; `undefined` when it is. */
  whyNotPlain(): string | undefined {
    return this.#choice.mode === "required" ? "only sealed messages are taken here" : undefined;
  }

  /** As `open`, where it can be done at once; else `undefined`. */
  openNow(msg: string, addressing: Addressing): Unsealed | undefined {
    const opened = this.#sealer.openNow(msg, addressing);
    return opened && this.#counted(unsealedOf(opened));
  }

  /** What an incoming message says that claims to be sealed. Never rejects. */
  async open(msg: string, addressing: Addressing): Promise<Unsealed> {
    try {
      return this.#counted(unsealedOf(await this.#sealer.open(msg, addressing)));
    } catch (thrown) {
      this.#components.log.problem("moltcomm_open", "error", "message_not_opened", { error: thrown });
      return this.#counted({ refused: { code: "RATE_LIMIT", detail: "sealed messages cannot be opened now" } });
    }
  }

  #counted(unsealed: Unsealed): Unsealed {
    this.#messages.increment("msg" in unsealed ? OPENED : REFUSED);
    return unsealed;
  }

  /**
   * Whether the operator would be surprised by plain messages to the node: it took sealed ones once, and plain ones were not allowed since.
   * Where sealing is off, only what was sealed counts, and no announcement.
   */
  #isWithheld(nodeId: string): boolean {
    const remembered = this.#memory.get(nodeId);
    if (remembered === undefined || (this.#choice.mode === "off" && remembered.sealedAtMs === null)) return false;
    return !isUnsealed(remembered, this.#choice.unsealedAtMs(nodeId));
  }

  async #sealTo(peer: Peer, msg: string, addressing: Addressing): Promise<string> {
    const publicKey = publicKeyOf(peer);
    if (!peer.takesSeries) return await this.#sealer.seal(msg, publicKey, addressing);
    const { clock } = this.#components;
    for (;;) {
      const { series } = peer;
      const sealed = series && this.#sealer.sealNext(msg, series, addressing, clock.wallMs());
      if (sealed !== undefined) return sealed;
      // All that come meanwhile wait for the same one.
      const beginning = peer.beginning ??= this.#sealer.begin(publicKey, clock.wallMs())
        .finally(() => peer.beginning = undefined);
      peer.series = await beginning;
    }
  }

  #peerOf(nodeId: string): Peer {
    const peer = this.#peers.get(nodeId);
    if (peer === undefined) throw new TypeError("The recipient's key is not known");
    return peer;
  }
}

const SENT = { outcome: "sent" };
const OPENED = { outcome: "opened" };
const REFUSED = { outcome: "refused" };

function publicKeyOf(peer: Peer): Uint8Array {
  peer.publicKey ??= x25519OfEd25519(decodeBase64(peer.pub) ?? new Uint8Array(0));
  if (peer.publicKey === undefined) throw new TypeError("The recipient's key has no X25519 form");
  return peer.publicKey;
}

function unsealedOf(opened: Opened): Unsealed {
  if ("msg" in opened) return opened;
  const detail = opened.wrong === "malformed"
    ? "msg begins with hpke1: and is no sealed message"
    : "the sealed message does not open";
  return { refused: { code: "BAD_FRAME", detail } };
}

/** Whether plain messages were allowed after the node last announced sealing anew. Both are Unix milliseconds by our clock. */
export function isUnsealed(
  { announcedAtMs }: { readonly announcedAtMs: number },
  unsealedAtMs: number | undefined,
): boolean {
  return unsealedAtMs !== undefined && unsealedAtMs >= announcedAtMs;
}
