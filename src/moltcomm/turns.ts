/**
 * Whose frames are looked at next: everybody in turn, a few at a time.
 *
 * What arrives is not worked on where it arrives. Links with frames stand in a queue; each turn of the event loop takes a bounded number
 * from it, some of each, so that a link with a thousand frames delays one with a single frame by no more than its share. Answers whose
 * time has come (an inbox line that is durable now) are signed in turns, too. Answers, and links with little to read, do not wait for
 * the next turn while this one has not used up its number: a message that is alone is on its way at once.
 *
 * @module
 */
import type { Clock, Timer } from "../runtime/port.ts";
import { AT_ONCE_BYTES_MAX, FRAMES_PER_TURN } from "./bounds.ts";
import type { Link } from "./link.ts";

/** What is done in a turn. */
export interface TurnWork<Answer> {
  /** Works on up to `quota` frames of the link, and puts it back into the queue when there are more. @returns what was spent */
  read(link: Link, quota: number): number;
  answer(answer: Answer): void;
  /** The turn is over: what is corked may leave. */
  finish(): void;
  /** Our own mistake, or the link's end: the others go on. */
  failed(link: Link | undefined, thrown: unknown): void;
}

interface Rest {
  readonly link: Link;
  readonly untilMs: number;
}

/** See the module's description. */
export class Turns<Answer> {
  readonly #clock: Clock;
  readonly #work: TurnWork<Answer>;
  readonly #queue: Link[] = [];
  #answers: Answer[] = [];
  #answersDone = 0;
  /** Frames that may yet be taken in, and answers that may be signed, before the next turn of the event loop. */
  #framesLeft = FRAMES_PER_TURN;
  #answersLeft = FRAMES_PER_TURN;
  #resting: Rest[] = [];
  #timer: Timer | undefined;
  #timerAtMs = Infinity;
  #isAsked = false;
  #isTurnAsked = false;
  #isRunning = false;
  #isStopped = false;

  constructor(components: { readonly clock: Clock }, work: TurnWork<Answer>) {
    this.#clock = components.clock;
    this.#work = work;
  }

  /** Whether a turn is under way: what is corked in it leaves at its end. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Puts a link at the end of the queue, unless it stands somewhere already. */
  queue(link: Link): void {
    if (link.work === "queued" || link.work === "resting" || link.isClosed) return;
    link.work = "queued";
    this.#queue.push(link);
    this.#schedule(link.bufferedBytes <= AT_ONCE_BYTES_MAX);
  }

  /** Keeps a link out of the queue for a while. */
  rest(link: Link, durationMs: number): void {
    const untilMs = this.#clock.monotonicMs() + durationMs;
    link.work = "resting";
    this.#resting.push({ link, untilMs });
    this.#setTimer(untilMs);
  }

  answer(answer: Answer): void {
    this.#answers.push(answer);
    this.#schedule(true);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #schedule(isAtOnce: boolean): void {
    if (this.#isRunning) return;
    if (!this.#isTurnAsked) {
      this.#isTurnAsked = true;
      this.#clock.nextTurn(() => this.#nextTurn());
    }
    if (!isAtOnce || this.#isAsked) return;
    this.#isAsked = true;
    // What else comes in this moment goes with it.
    queueMicrotask(() => {
      this.#isAsked = false;
      this.#run();
    });
  }

  #nextTurn(): void {
    this.#isTurnAsked = false;
    this.#framesLeft = FRAMES_PER_TURN;
    this.#answersLeft = FRAMES_PER_TURN;
    this.#run();
  }

  #run(): void {
    if (this.#queue.length === 0 && this.#answers.length === 0) return;
    this.#isRunning = true;
    try {
      this.#signAnswers();
      this.#readFrames();
    } finally {
      this.#isRunning = false;
      this.#work.finish();
      if (this.#queue.length > 0 || this.#answers.length > 0) this.#schedule(false);
    }
  }

  #signAnswers(): void {
    while (this.#answersLeft > 0 && this.#answersDone < this.#answers.length) {
      this.#answersLeft--;
      const answer = this.#answers[this.#answersDone++] as Answer;
      try {
        this.#work.answer(answer);
      } catch (thrown) {
        this.#work.failed(undefined, thrown);
      }
    }
    if (this.#answersDone < this.#answers.length) return;
    this.#answers = [];
    this.#answersDone = 0;
  }

  #readFrames(): void {
    while (this.#framesLeft > 0) {
      const link = this.#queue.shift();
      if (link === undefined) return;
      link.work = "none";
      if (link.isClosed || this.#isStopped) continue;
      const quota = Math.max(1, Math.floor(this.#framesLeft / (this.#queue.length + 1)));
      this.#framesLeft -= Math.max(1, this.#readFrom(link, quota));
    }
  }

  #readFrom(link: Link, quota: number): number {
    try {
      return this.#work.read(link, quota);
    } catch (thrown) {
      this.#work.failed(link, thrown);
      return quota;
    }
  }

  #setTimer(atMs: number): void {
    if (atMs >= this.#timerAtMs || this.#isStopped) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#clock.setTimer(Math.max(1, Math.ceil(atMs - this.#clock.monotonicMs())), () => this.#wake());
  }

  #wake(): void {
    this.#timerAtMs = Infinity;
    const nowMs = this.#clock.monotonicMs();
    const resting = this.#resting;
    this.#resting = [];
    let nextMs = Infinity;
    for (const rest of resting) {
      if (rest.untilMs <= nowMs || rest.link.isClosed) {
        rest.link.work = "none";
        this.queue(rest.link);
      } else {
        this.#resting.push(rest);
        nextMs = Math.min(nextMs, rest.untilMs);
      }
    }
    if (nextMs < Infinity) this.#setTimer(nextMs);
  }
}
