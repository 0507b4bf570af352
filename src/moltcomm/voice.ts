/**
 * What this node says: every message is signed last, counted, and leaves with the others of its turn.
 *
 * @module
 */
import type { Clock, Random } from "../runtime/port.ts";
import type { Link } from "./link.ts";
import type { Traffic } from "./traffic.ts";
import type { Signer } from "./wire/mod.ts";
import type { Bodies, MessageType } from "./wire/types.ts";

/** What the voice works with. */
export interface VoiceComponents {
  readonly clock: Clock;
  readonly random: Pick<Random, "uuid">;
  readonly signer: Signer;
  readonly traffic: Traffic;
}

/** See the module's description. */
export class Voice {
  readonly #components: VoiceComponents;

  constructor(components: VoiceComponents) {
    this.#components = components;
  }

  /** Our own node id. */
  get nodeId(): string {
    return this.#components.signer.nodeId;
  }

  newId(): string {
    return this.#components.random.uuid();
  }

  /** Says something. @param id default: a new one. @returns whether it will be sent */
  say<Type extends MessageType>(
    link: Link,
    t: Type,
    to: string | undefined,
    body: Bodies[Type],
    id: string = this.newId(),
  ): boolean {
    // Nothing is signed for nobody.
    return link.isOpen && this.send(link, t, this.frame(t, to, body, id));
  }

  /** The signed message, ready to be sent. @throws `BODY_INVALID` when a text holds a lone surrogate */
  frame<Type extends MessageType>(t: Type, to: string | undefined, body: Bodies[Type], id: string): Uint8Array {
    const { clock, signer } = this.#components;
    const ts = clock.wallMs();
    return signer.frame(to === undefined ? { t, id, ts, body } : { t, id, to, ts, body });
  }

  /** Sends what `frame` made. @returns whether it will be sent */
  send(link: Link, t: MessageType, frame: Uint8Array): boolean {
    this.#components.traffic.framesOut[t]++;
    return link.send(frame);
  }
}
