/**
 * What the relay says by itself, and what it costs: every answer is a signature, so there is a budget for them.
 *
 * @module
 */
import { isNodeId } from "../../contract/mod.ts";
import type { Logger } from "../../log/mod.ts";
import type { Clock, Random } from "../../runtime/port.ts";
import type { Signer } from "../wire/mod.ts";
import type { Bodies, MessageType, ProtocolErrorCode } from "../wire/types.ts";
import type { Allowance } from "./allowance.ts";
import { ANSWER_UNITS, ID_CHARACTERS_MAX, UNTAKEN_ANSWERS_BYTES_MAX } from "./bounds.ts";
import { Counts, type RefusalReason } from "./counts.ts";
import type { Queues } from "./queues.ts";
import type { Envelope } from "./read-envelope.ts";
import type { RelayLink } from "./relay-link.ts";

/** What the voice works with. */
export interface RelayVoiceComponents {
  readonly clock: Clock;
  readonly counts: Counts;
  readonly log: Logger;
  readonly queues: Queues;
  readonly random: Pick<Random, "uuid">;
  readonly signer: Signer;
  /** The budget of signatures in all. */
  readonly units: Allowance;
}

const CODES: Readonly<Record<RefusalReason, ProtocolErrorCode>> = {
  bad_frame: "BAD_FRAME",
  bad_signature: "BAD_SIG",
  bad_time: "BAD_TS",
  replay: "REPLAY",
  unsupported: "UNSUPPORTED",
  rate: "RATE_LIMIT",
  unreachable: "UNREACHABLE",
  not_a_member: "UNSUPPORTED",
  foreign_sender: "UNSUPPORTED",
  to_itself: "UNSUPPORTED",
  recipient_slow: "RATE_LIMIT",
  out_of_order: "RATE_LIMIT",
  queues_full: "RATE_LIMIT",
  mailbox_full: "UNREACHABLE",
  mailbox_too_large: "UNREACHABLE",
  mailbox_busy: "RATE_LIMIT",
  mailbox_broken: "UNREACHABLE",
};

/** Answers are never answered: two ends would go on for ever. */
const ANSWERS: ReadonlySet<string> = new Set(["HELLO_ACK", "PONG", "PEERS_RES", "ACK", "ERROR"]);

/** Whether a message of this type is an answer to another one. */
export function isAnswer(t: string): boolean {
  return ANSWERS.has(t);
}

/** See the module's description. */
export class RelayVoice {
  readonly #components: RelayVoiceComponents;

  constructor(components: RelayVoiceComponents) {
    this.#components = components;
  }

  /** Takes units of the budgets of the connection, of its address, and of all; takes nothing where one of them is used up. */
  mayUse(link: RelayLink, units: number): boolean {
    const nowMs = this.#components.clock.monotonicMs();
    const allowances = [link.budget?.units, link.account?.budget.units, this.#components.units];
    if (allowances.some((allowance) => allowance?.has(nowMs, units) === false)) return false;
    for (const allowance of allowances) allowance?.spend(nowMs, units);
    return true;
  }

  /** Says something, but to a node that does not take what it was told before. What it costs has been taken. @returns whether it did */
  say<Type extends MessageType>(link: RelayLink, t: Type, to: string | undefined, body: Bodies[Type]): boolean {
    if (!link.isOpen || link.bufferedBytes > UNTAKEN_ANSWERS_BYTES_MAX) return false;
    if (!link.write(this.frame(t, to, body))) this.#components.queues.notTaken(link);
    return true;
  }

  /** A signed message of the relay's, for whoever writes it. */
  frame<Type extends MessageType>(t: Type, to: string | undefined, body: Bodies[Type]): Uint8Array<ArrayBuffer> {
    const { clock, counts, random, signer } = this.#components;
    counts.answers++;
    const draft = { t, id: random.uuid(), ts: clock.wallMs(), body };
    return signer.frame(to === undefined ? draft : { ...draft, to });
  }

  /** Counts and logs a frame that is not handed on, and tells its sender, while that is in the budget. @returns whether it did */
  refuse(link: RelayLink, reason: RefusalReason, detail: string, envelope: Envelope | undefined): boolean {
    const { counts, log } = this.#components;
    const code = CODES[reason];
    Counts.add(counts.refusals, reason);
    const { host, port } = link.connection.remote;
    // A node that is away, or was, is nothing wrong.
    if (reason !== "unreachable" && reason !== "out_of_order") {
      log.problem(`relay_refused:${reason}`, "warn", "relay_frame_refused", {
        code,
        detail,
        remote: `${host}:${port}`,
      });
    }
    return this.error(link, code, detail, envelope);
  }

  /** Tells a sender of its frame, while that is in the budget. @returns whether it was told */
  error(link: RelayLink, code: ProtocolErrorCode, detail: string, envelope: Envelope | undefined): boolean {
    if (envelope !== undefined && isAnswer(envelope.t)) return false;
    if (!this.mayUse(link, ANSWER_UNITS)) return false;
    const from = envelope?.from ?? link.registration?.nodeId ?? "";
    const id = envelope?.id ?? "";
    const isNamed = id !== "" && id.length <= ID_CHARACTERS_MAX;
    const body = isNamed ? { ref: id, code, detail } : { code, detail };
    return this.say(link, "ERROR", isNodeId(from) ? from : undefined, body);
  }
}
