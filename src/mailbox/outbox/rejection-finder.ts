/**
 * Whether a line of the outbox was rejected, for whoever wrote it and waits.
 *
 * @module
 */
import type { Files } from "../../runtime/port.ts";
import { LineFollower } from "../line-follower.ts";
import { REJECTED_LINE_BYTES_MAX } from "./limits.ts";
import { rejectedPath } from "./rejected-file.ts";

/** Follows the file of rejected lines. */
export class RejectionFinder {
  readonly #id: string;
  readonly #lines: LineFollower;
  #reason: string | undefined;

  /** @param init.directory `.moltcomm` @param init.id the UUID given in the line, lower case */
  constructor(
    components: { readonly files: Pick<Files, "open" | "stat"> },
    init: { readonly directory: string; readonly id: string },
  ) {
    this.#id = init.id;
    this.#lines = new LineFollower(components, {
      path: rejectedPath(init.directory),
      lineBytesMax: REJECTED_LINE_BYTES_MAX,
      onLine: (bytes) => this.#line(bytes),
    });
  }

  /** Why the line was rejected, in words; `undefined` as long as it was not. @throws the errors of `Files` */
  async look(): Promise<string | undefined> {
    if (this.#reason === undefined) await this.#lines.look();
    return this.#reason;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#lines.close();
  }

  #line(bytes: Uint8Array): void {
    const text = new TextDecoder().decode(bytes);
    // In a text that could not be read the id is no field of its own.
    if (this.#reason !== undefined || !text.includes(this.#id)) return;
    try {
      const value: unknown = JSON.parse(text);
      const reason = typeof value === "object" && value !== null && "reason" in value ? value.reason : undefined;
      this.#reason = typeof reason === "string" ? reason : undefined;
    } catch {
      // Somebody else's line: it is no rejection.
      return;
    }
  }
}
