/**
 * The latest heartbeat of each Monitor that reports to this hub. Source: the Monitor's contract, "The heartbeat".
 *
 * @module
 */
import type { ReceivedHeartbeat } from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";
import { HUB_HEARTBEAT_CHARACTERS_MAX } from "../limits.ts";
import { hubIsFull } from "./full.ts";
import { UNPROVED } from "./keys.ts";

/** A backend calls a host offline after about 7 minutes. Source: the Monitor's contract, "The heartbeat". */
export const HEARTBEAT_HOLDS_MS = 420_000;
const ACTION = "Take the heartbeat";

/** A heartbeat as it is kept. */
export interface Heard {
  readonly identifier: string;
  /** Whose key it came with. */
  readonly owner: string;
  /** Unix milliseconds. */
  readonly heardAtMs: number;
  /** All fields but the identifier, JSON. */
  readonly bodyText: string;
}

export class Heartbeats {
  readonly #identifiersMax: number;
  readonly #byIdentifier = new Map<string, Heard>();
  #changed = new Set<string>();
  #characters = 0;

  constructor(identifiersMax: number) {
    this.#identifiersMax = identifiersMax;
  }

  get size(): number {
    return this.#byIdentifier.size;
  }

  /** Identifiers whose last heartbeat is not on disk. */
  get changedCount(): number {
    return this.#changed.size;
  }

  find(identifier: string): Heard | undefined {
    return this.#byIdentifier.get(identifier);
  }

  /**
   * @throws `FORBIDDEN` when the identifier belongs to another key; `RATE_LIMITED` when there is no room for another
   */
  take(heartbeat: ReceivedHeartbeat, principal: string, nowMs: number): void {
    const { identifier, ...body } = heartbeat;
    const known = this.#byIdentifier.get(identifier);
    if (known !== undefined) checkHeartbeatOwner(known.owner, principal);
    if (known === undefined && this.#byIdentifier.size >= this.#identifiersMax) {
      throw hubIsFull(ACTION, `${this.#identifiersMax} Monitors`, "hub.instancesMax");
    }
    const bodyText = JSON.stringify(body);
    const growth = bodyText.length - (known?.bodyText.length ?? 0);
    if (growth > 0 && this.#characters + growth > HUB_HEARTBEAT_CHARACTERS_MAX) {
      throw hubIsFull(ACTION, `${HUB_HEARTBEAT_CHARACTERS_MAX} characters of heartbeats`);
    }
    this.restore({ identifier, owner: principal, heardAtMs: nowMs, bodyText });
    this.#changed.add(identifier);
  }

  /** Takes what was stored before. */
  restore(heard: Heard): void {
    this.#characters += heard.bodyText.length - (this.find(heard.identifier)?.bodyText.length ?? 0);
    this.#byIdentifier.set(heard.identifier, heard);
  }

  /** Forgets what was last heard then or before. */
  forgetUntil(untilMs: number): void {
    for (const { identifier, heardAtMs, bodyText } of this.#byIdentifier.values()) {
      if (heardAtMs > untilMs) continue;
      this.#characters -= bodyText.length;
      this.#byIdentifier.delete(identifier);
      this.#changed.add(identifier);
    }
  }

  /** Hands over what is not on disk: `heard` is `undefined` for what was forgotten. */
  takeChanges(): { readonly identifier: string; readonly heard: Heard | undefined }[] {
    const changes = [...this.#changed].map((identifier) => ({ identifier, heard: this.find(identifier) }));
    this.#changed = new Set();
    return changes;
  }

  /** Takes changes back that could not be written. */
  putBack(changes: ReturnType<Heartbeats["takeChanges"]>): void {
    for (const { identifier } of changes) this.#changed.add(identifier);
  }
}

/** As with an instance: what came without a key was proved by nobody. @throws `FORBIDDEN` */
export function checkHeartbeatOwner(owner: string, principal: string): void {
  if (owner === principal || UNPROVED.includes(owner)) return;
  throw new BarnacleError({
    code: "FORBIDDEN",
    action: ACTION,
    value: "an identifier of another key",
    wanted: "the key it was first reported or published with",
    hint: "give each host an identifier of its own",
  });
}
