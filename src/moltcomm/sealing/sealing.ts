/**
 * What is sealed, what may go in plain, and what must stay here. Source: MoltComm v1, section 11, reading 10.
 *
 * To a node that announces sealing, messages go sealed. To one that never did, they go in plain, as v1 says. To one that did once and
 * does not now, nothing goes until it does again or the operator allows plain messages to it: else whoever holds a node's key, or an
 * old release of its software, could turn sealing off for its correspondents without a word.
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
import { announceSealing, announcesSealing } from "./announcement.ts";
import { x25519OfEd25519 } from "./curve.ts";
import { SealingMemory, type SealingMemoryComponents } from "./memory.ts";
import type { Addressing } from "./sealed-text.ts";
import { Sealer } from "./sealer.ts";
import type { SuiteComponents } from "./suite.ts";

/** `auto`: sealed to whoever announces it. `required`: nothing in plain, either way. `off`: neither announced nor used for sending. */
export type SealingMode = "auto" | "required" | "off";

/** What sealing works with. */
export interface SealingComponents extends SealingMemoryComponents, SuiteComponents {
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
  readonly announces: boolean;
  readonly pub: string;
  readonly ts: number;
  /** Its key in X25519 form, once something is sealed to it. */
  publicKey: Uint8Array | undefined;
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
    this.#peers.delete(nodeId);
    this.#peers.set(nodeId, { announces, pub: record.pub, ts, publicKey: known?.publicKey });
    const [longestUnseen] = this.#peers.keys();
    if (this.#peers.size > SEALING_PEERS_MAX && longestUnseen !== undefined) this.#peers.delete(longestUnseen);
    const isUsed = this.#choice.mode !== "off";
    if (announces && isUsed && !this.#isWithheld(nodeId)) this.#memory.announced(nodeId);
  }

  /** How a message to this node must go now; a failure where it must not. */
  wayTo(nodeId: string): "plain" | "sealed" | RequestFailure {
    const { mode } = this.#choice;
    if (mode === "off") return "plain";
    if (this.#peers.get(nodeId)?.announces === true) return "sealed";
    if (mode === "auto" && !this.#isWithheld(nodeId)) return "plain";
    this.#messages.increment({ outcome: "withheld" });
    return failure(
      "NOT_SEALED",
      mode === "required"
        ? "the recipient does not say that it takes sealed messages, and moltcomm.sealing is required"
        : "the recipient took sealed messages before and does not say so now; barnacle contacts unseal allows plain ones",
    );
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
      const sealed = await this.#sealer.seal(msg, this.#publicKeyOf(to), { from: this.#nodeId, to, id });
      this.#messages.increment({ outcome: "sent" });
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

  /** What an incoming message says that claims to be sealed. Never rejects. */
  async open(msg: string, addressing: Addressing): Promise<Unsealed> {
    const opened = await this.#tryToOpen(msg, addressing);
    this.#messages.increment({ outcome: "msg" in opened ? "opened" : "refused" });
    return opened;
  }

  async #tryToOpen(msg: string, addressing: Addressing): Promise<Unsealed> {
    try {
      const opened = await this.#sealer.open(msg, addressing);
      if ("msg" in opened) return opened;
      const detail = opened.wrong === "malformed"
        ? "msg begins with hpke1: and is no sealed message"
        : "the sealed message does not open";
      return { refused: { code: "BAD_FRAME", detail } };
    } catch (thrown) {
      this.#components.log.problem("moltcomm_open", "error", "message_not_opened", { error: thrown });
      return { refused: { code: "RATE_LIMIT", detail: "sealed messages cannot be opened now" } };
    }
  }

  /** Whether the node took sealed messages once, and the operator has not allowed plain ones since. */
  #isWithheld(nodeId: string): boolean {
    const remembered = this.#memory.get(nodeId);
    return remembered !== undefined && !isUnsealed(remembered, this.#choice.unsealedAtMs(nodeId));
  }

  #publicKeyOf(nodeId: string): Uint8Array {
    const peer = this.#peers.get(nodeId);
    if (peer === undefined) throw new TypeError("The recipient's key is not known");
    peer.publicKey ??= x25519OfEd25519(decodeBase64(peer.pub) ?? new Uint8Array(0));
    if (peer.publicKey === undefined) throw new TypeError("The recipient's key has no X25519 form");
    return peer.publicKey;
  }
}

/** Whether plain messages were allowed after the node last announced sealing anew. Both are Unix milliseconds by our clock. */
export function isUnsealed(
  { announcedAtMs }: { readonly announcedAtMs: number },
  unsealedAtMs: number | undefined,
): boolean {
  return unsealedAtMs !== undefined && unsealedAtMs >= announcedAtMs;
}
