/**
 * Following one message until it is settled, for `send --wait`.
 *
 * Looks at the journal when it changes, and every quarter of a second besides, since watchers miss things. Each look reads only what
 * is new.
 *
 * @module
 */
import type { Clock, Files } from "../../runtime/port.ts";
import { joinPath } from "../../store/mod.ts";
import { LineFollower } from "../line-follower.ts";
import type { DeliveryView } from "../types.ts";
import { READ_LINE_BYTES_MAX } from "./limits.ts";
import { viewOf } from "./read-deliveries.ts";
import { type AcceptedRecord, JOURNAL_FILE, readRecord, type SentRecord, type SettledRecord } from "./records.ts";

/** What waiting needs of the platform. */
export interface WaitForDeliveryComponents {
  readonly files: Pick<Files, "open" | "stat" | "watch">;
  readonly clock: Pick<Clock, "monotonicMs" | "setTimer">;
}

/** What is waited for. */
export interface WaitForDeliveryInit {
  /** `.moltcomm`. */
  readonly directory: string;
  readonly id: string;
  /** Without it, as long as it takes. */
  readonly timeoutMs?: number;
  /** Ends the waiting as the time-out does. */
  readonly signal?: AbortSignal;
  /** Asked at each look at a message that is not settled: whether there is nothing to wait for any more. */
  readonly isOver?: () => Promise<boolean>;
}

const LOOK_INTERVAL_MS = 250;

/**
 * Waits until the message is delivered or failed.
 *
 * @returns the message as it is then, or as far as it came in time; `undefined` when it was not even accepted
 * @throws the errors of `Files`
 */
export async function waitForDelivery(
  components: WaitForDeliveryComponents,
  init: WaitForDeliveryInit,
): Promise<DeliveryView | undefined> {
  const { clock, files } = components;
  const path = joinPath(init.directory, JOURNAL_FILE);
  const follower = new Follower(files, path, init.id);
  const untilMs = clock.monotonicMs() + (init.timeoutMs ?? Number.POSITIVE_INFINITY);
  const bell = new Bell(clock);
  const watcher = files.watch(path, () => bell.ring());
  const onAbort = () => bell.ring();
  init.signal?.addEventListener("abort", onAbort);
  try {
    for (;;) {
      const view = await follower.look();
      const leftMs = untilMs - clock.monotonicMs();
      if (view !== undefined && view.settledAtMs !== null) return view;
      if (leftMs <= 0 || init.signal?.aborted === true || await init.isOver?.() === true) return view;
      await bell.wait(Math.min(leftMs, LOOK_INTERVAL_MS));
    }
  } finally {
    init.signal?.removeEventListener("abort", onAbort);
    watcher.close();
    await follower.close();
  }
}

/** Sleeps until it rings, or for a while. A ring while nobody sleeps wakes the next one at once. */
class Bell {
  readonly #clock: Pick<Clock, "setTimer">;
  #hasRung = false;
  #wake: () => void = () => undefined;

  constructor(clock: Pick<Clock, "setTimer">) {
    this.#clock = clock;
  }

  ring(): void {
    this.#hasRung = true;
    this.#wake();
  }

  async wait(timeoutMs: number): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.setTimer(timeoutMs, resolve);
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#hasRung = false;
    this.#wake = () => undefined;
  }
}

/** What the journal says of one message. */
class Follower {
  readonly #id: string;
  readonly #lines: LineFollower;
  #accepted: AcceptedRecord | undefined;
  #last: SentRecord | SettledRecord | undefined;

  constructor(files: Pick<Files, "open" | "stat">, path: string, id: string) {
    this.#id = id;
    this.#lines = new LineFollower({ files }, {
      path,
      lineBytesMax: READ_LINE_BYTES_MAX,
      onLine: (bytes) => this.#line(bytes),
    });
  }

  async look(): Promise<DeliveryView | undefined> {
    await this.#lines.look();
    return this.#accepted === undefined ? undefined : viewOf(this.#accepted, this.#last);
  }

  async close(): Promise<void> {
    await this.#lines.close();
  }

  #line(bytes: Uint8Array): void {
    const record = readRecord(bytes);
    if (record === undefined || record.state === "remembered" || record.id !== this.#id) return;
    if (record.state === "accepted") this.#accepted = record;
    else this.#last = record;
  }
}
