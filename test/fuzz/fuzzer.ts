/** The loop: make a stream, examine it, keep what led somewhere new, build on that. */
import { SeededRandom } from "../sim/random.ts";
import type { BlockCoverage } from "./coverage.ts";
import { examine, makeSubject, type Outcomes, type Subject } from "./examine.ts";
import { type Input, makeInput, MAX_FRAME_BYTES } from "./generate.ts";
import { makeOriginals, type Originals } from "./originals.ts";
import { splitStream } from "./second-opinion.ts";

/** Inputs between two looks at the coverage, which costs as much as some hundred of them. */
const BATCH_INPUTS = 500;
const INPUT_MS_MAX = 1_000;
const ATTEMPTS = 3;

/** An input that led somewhere new, and where. */
export interface Kept extends Input {
  readonly outcomes: Outcomes;
}

/** An input for which something was not as it must be. */
export class Finding extends Error {
  readonly input: Input;

  constructor(input: Input, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.input = input;
  }
}

/** Fuzzes the wire from one seed. */
export class Fuzzer {
  /** Known from before, then found. */
  readonly kept: Kept[] = [];
  frames = 0;
  /** Characters of the sources reached, where the runtime tells. */
  reached: ReadonlySet<number> = new Set();
  readonly #originals: Originals = makeOriginals(1);
  readonly #random: SeededRandom;
  readonly #subject: Subject;
  readonly #coverage: BlockCoverage | undefined;
  readonly #outcomes = new Set<string>();

  constructor(
    init: { readonly seed: number; readonly coverage?: BlockCoverage | undefined; readonly subject?: Subject },
  ) {
    this.#random = new SeededRandom(init.seed);
    this.#subject = init.subject ?? makeSubject();
    this.#coverage = init.coverage;
  }

  /** Kinds of outcome seen. */
  get outcomeCount(): number {
    return this.#outcomes.size;
  }

  /** Examines inputs known from before; what they do not reach is new. @throws {@link Finding} */
  replay(inputs: readonly Input[]): readonly Kept[] {
    const replayed = inputs.map((input) => ({ ...input, outcomes: this.#examine(input) }));
    for (const kept of replayed) this.#keep(kept);
    if (this.#coverage !== undefined) this.reached = this.#coverage.take();
    return replayed;
  }

  /** Examines a batch of new inputs. @throws {@link Finding} */
  runBatch(): void {
    const inputs: Input[] = [];
    for (let count = 0; count < BATCH_INPUTS; count++) {
      const input = makeInput(this.#random, this.#originals.messages, this.kept);
      inputs.push(input);
      const freshIndex = this.#examine(input).findIndex((outcome) => !this.#outcomes.has(outcome));
      if (freshIndex >= 0) this.#keepFrame(input, freshIndex);
    }
    if (this.#coverage !== undefined) this.#keepCovering(inputs, this.#coverage);
  }

  /** Keeps the one frame that had a new outcome, or the whole stream where it was not about a frame's body. */
  #keepFrame(input: Input, index: number): void {
    const body = splitStream(Buffer.concat(input.chunks), MAX_FRAME_BYTES).bodies[index];
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body?.length ?? 0);
    const small = body === undefined ? input : { chunks: [Buffer.concat([length, body])] };
    this.#keep({ ...small, outcomes: this.#examine(small) });
  }

  #keep(kept: Kept): void {
    this.kept.push(kept);
    for (const outcome of kept.outcomes) this.#outcomes.add(outcome);
  }

  /** Keeps the inputs of a batch that reached new code, by running them again one by one. */
  #keepCovering(inputs: readonly Input[], coverage: BlockCoverage): void {
    let fresh = coverage.take().difference(this.reached);
    this.reached = this.reached.union(fresh);
    for (const input of inputs) {
      if (fresh.size === 0) return;
      const outcomes = this.#examine(input);
      const left = fresh.difference(coverage.take());
      if (left.size < fresh.size) this.#keep({ ...input, outcomes });
      fresh = left;
    }
  }

  #examine(input: Input): Outcomes {
    for (let attempt = 1;; attempt++) {
      const startedMs = performance.now();
      const outcomes = this.#examineOnce(input);
      // A busy machine can stop any input once, but hardly the same one again and again.
      if (performance.now() - startedMs < INPUT_MS_MAX) {
        this.frames += outcomes.length;
        return outcomes;
      }
      if (attempt === ATTEMPTS) throw new Finding(input, `Broken: an input takes less than ${INPUT_MS_MAX} ms`);
    }
  }

  #examineOnce(input: Input): Outcomes {
    try {
      return examine(this.#subject, input, this.#originals.signatures);
    } catch (thrown) {
      throw new Finding(input, thrown);
    }
  }
}
