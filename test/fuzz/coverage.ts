/**
 * Which parts of the wire an input reaches, by V8's block coverage. Only Node offers it; elsewhere the outcomes alone guide.
 *
 * @module
 */
import type { Session } from "node:inspector";

const WATCHED_REGEXP = /\/src\/(moltcomm\/wire|contract)\//;
const SCRIPT_CHARACTERS_MAX = 1_000_000;

interface CoverageRange {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** Tells which characters of the watched sources ran, each as one number. */
export class BlockCoverage {
  readonly #session: Session;
  readonly #scripts: string[] = [];

  private constructor(session: Session) {
    this.#session = session;
  }

  /** `undefined` where the runtime has no such coverage. */
  static async start(): Promise<BlockCoverage | undefined> {
    if ("Bun" in globalThis || "Deno" in globalThis) return undefined;
    const { Session } = await import("node:inspector");
    const session = new Session();
    session.connect();
    session.post("Profiler.enable");
    session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    return new BlockCoverage(session);
  }

  /** What ran since the last call. */
  take(): Set<number> {
    const ran = new Set<number>();
    this.#session.post("Profiler.takePreciseCoverage", (error, { result }) => {
      if (error !== null) throw error;
      for (const { url, functions } of result) {
        if (!WATCHED_REGEXP.test(url)) continue;
        const base = this.#scriptNumber(url) * SCRIPT_CHARACTERS_MAX;
        for (const { ranges } of functions) mark(ran, base, ranges);
      }
    });
    return ran;
  }

  #scriptNumber(url: string): number {
    if (!this.#scripts.includes(url)) this.#scripts.push(url);
    return this.#scripts.indexOf(url);
  }
}

/** Inner ranges follow the outer ones and overrule them. */
function mark(ran: Set<number>, base: number, ranges: readonly CoverageRange[]): void {
  for (const { startOffset, endOffset, count } of ranges) {
    for (let offset = startOffset; offset < endOffset; offset++) {
      if (count > 0) ran.add(base + offset);
      else ran.delete(base + offset);
    }
  }
}
