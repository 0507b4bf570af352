/**
 * What the OpenClaw side pushed last. Source: the Monitor's contract, "The bridge".
 *
 * @module
 */
import type { Heartbeat, OpenClawMetadataPush } from "../../contract/mod.ts";
import type { Clock } from "../../runtime/port.ts";

/** The part of the heartbeat that comes from a push. */
export type Metadata = Pick<Heartbeat, "openclaw_version" | "plugin_version" | "agents">;

/** Keeps the last push, whole: what it left out is not known any more. */
export class MetadataSlot {
  readonly #clock: Pick<Clock, "wallMs" | "monotonicMs">;
  readonly #expiryMs: number | undefined;
  #pushed: { readonly metadata: Metadata; readonly atMs: number; readonly atWallMs: number } | undefined;

  /** @param expiryMs after so long without a push it is forgotten; without one it stays */
  constructor(clock: Pick<Clock, "wallMs" | "monotonicMs">, expiryMs?: number) {
    this.#clock = clock;
    this.#expiryMs = expiryMs;
  }

  take(push: OpenClawMetadataPush): void {
    const { agents, plugin_version } = push;
    const openclaw_version = push.version ?? push.openclaw_version;
    this.#pushed = {
      metadata: {
        ...(openclaw_version === undefined ? {} : { openclaw_version }),
        ...(plugin_version === undefined ? {} : { plugin_version }),
        ...(agents === undefined ? {} : { agents }),
      },
      atMs: this.#clock.monotonicMs(),
      atWallMs: this.#clock.wallMs(),
    };
  }

  /** `undefined` when nothing was pushed, or for too long. */
  get pushed(): { readonly metadata: Metadata; readonly atWallMs: number } | undefined {
    const pushed = this.#pushed;
    if (pushed === undefined || this.#expiryMs === undefined) return pushed;
    if (this.#clock.monotonicMs() - pushed.atMs < this.#expiryMs) return pushed;
    return this.#pushed = undefined;
  }
}
