/**
 * What becomes of a publication. Source: the status contract, "The receiving end".
 *
 * @module
 */
import type { ReceivedStatusDocument } from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";
import { TIMESTAMP_AHEAD_MAX_MS } from "../limits.ts";
import { hubIsFull } from "./full.ts";
import { fingerprintOf, type Instance, readFacts, readWords } from "./instance.ts";
import { UNPROVED } from "./keys.ts";
import type { Registry } from "./registry.ts";
import type { SteadyTime } from "./steady-time.ts";

/** A publication whose shape has been checked. */
export interface Publication {
  readonly document: ReceivedStatusDocument;
  /** The document as it came. */
  readonly documentText: string;
  /** Whose key it came with. */
  readonly principal: string;
  /** The node whose signature it carries; `undefined` when unsigned. */
  readonly signedBy: string | undefined;
}

/** `duplicate`: its message id was taken before. `stale`: a newer document is known. Both change nothing. */
export type Outcome = "accepted" | "duplicate" | "stale";

/** How much is kept. */
export interface IntakeInit {
  readonly instancesMax: number;
  readonly instancesMaxPerKey: number;
  /** All documents together. */
  readonly documentCharactersMax: number;
}

const ACTION = "Publish the instance";

export class Intake {
  readonly #registry: Registry;
  readonly #time: SteadyTime;
  readonly #init: IntakeInit;

  constructor(components: { readonly registry: Registry; readonly time: SteadyTime }, init: IntakeInit) {
    this.#registry = components.registry;
    this.#time = components.time;
    this.#init = init;
  }

  /**
   * @throws `SIGNATURE_INVALID` when the signature is not by the node that the document names; `FORBIDDEN` when the
   * instance belongs to another key or node; `RATE_LIMITED` when there is no room for another instance
   */
  take(publication: Publication): Outcome {
    const { document, documentText, principal } = publication;
    const verified = isVerified(publication);
    const known = this.#registry.get(document.instance_id);
    if (known !== undefined) checkOwner(known, publication);
    const messageId = document.message_id === undefined ? undefined : fingerprintOf(document.message_id);
    if (messageId !== undefined && known?.messageIds.includes(messageId) === true) return "duplicate";
    const facts = readFacts(document, known);
    if (known !== undefined && this.#isNewer(known, facts)) return "stale";
    this.#checkRoom(known, publication);
    const heard = {
      ...facts,
      id: known?.id ?? document.instance_id,
      owner: principal,
      verified,
      heardAtMs: this.#time.nowMs(),
      documentText,
    };
    this.#registry.put(heard, readWords(document), messageId);
    return "accepted";
  }

  /** A document from further ahead than any is taken counts for nothing: this hub's own clock was ahead when it took that one. */
  #isNewer(known: Instance, { timestampMs }: { readonly timestampMs: number }): boolean {
    return timestampMs < known.timestampMs && known.timestampMs <= this.#time.nowMs() + TIMESTAMP_AHEAD_MAX_MS;
  }

  #checkRoom(known: Instance | undefined, { documentText, principal }: Publication): void {
    const { instancesMax, instancesMaxPerKey, documentCharactersMax } = this.#init;
    const growth = documentText.length - (known?.documentText.length ?? 0);
    if (growth > 0 && this.#registry.documentCharacters + growth > documentCharactersMax) {
      throw hubIsFull(ACTION, `${documentCharactersMax} characters of documents`);
    }
    if (known === undefined && this.#registry.size >= instancesMax) {
      throw hubIsFull(ACTION, `${instancesMax} instances`, "the hub's limits");
    }
    if (known?.owner !== principal && this.#registry.countOf(principal) >= instancesMaxPerKey) {
      throw hubIsFull(ACTION, `${instancesMaxPerKey} instances of one key`, "the hub's limits");
    }
  }
}

/** A signature by another node than the document names is a lie about one of the two. */
function isVerified({ document, signedBy }: Publication): boolean {
  if (signedBy === undefined || document.node_id === undefined) return false;
  if (signedBy === document.node_id) return true;
  throw new BarnacleError({
    code: "SIGNATURE_INVALID",
    action: ACTION,
    value: `a signature by ${signedBy}`,
    wanted: `one by the document's node_id, ${document.node_id}`,
  });
}

/**
 * An instance is its first publisher's: no other key may speak for it until it is forgotten. What was published without
 * a key was proved by nobody, so a key may take it over; never the other way round.
 */
function checkOwner(known: Instance, { document, principal, signedBy }: Publication): void {
  if (known.owner !== principal && !UNPROVED.includes(known.owner)) {
    throw forbidden(
      "an instance of another key",
      "the key it was first published with",
      "give each installation an instance_id of its own",
    );
  }
  if (known.verified && !(signedBy === known.nodeId && document.node_id === known.nodeId)) {
    const value = signedBy === undefined ? "an unsigned document" : "a document of another node";
    throw forbidden(
      value,
      `one signed by ${known.nodeId}, as the instance was before`,
      "turn signing on again on that host",
    );
  }
}

function forbidden(value: string, wanted: string, hint: string): BarnacleError {
  return new BarnacleError({ code: "FORBIDDEN", action: ACTION, value, wanted, hint });
}
