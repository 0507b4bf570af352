/**
 * What is wrong with a configuration: all of it at once, without a secret.
 *
 * @module
 */
import { BarnacleError, type ErrorCode } from "../errors.ts";
import { Redactor } from "../log/mod.ts";
import { formatOrigin, type Origin } from "./origin.ts";

/** One thing that is wrong. */
export interface ConfigProblem {
  readonly code: Extract<ErrorCode, "CONFIG_INVALID" | "CONFIG_UNKNOWN_KEY" | "SECRET_UNREADABLE">;
  /** The setting's or section's path; the empty string for the whole. */
  readonly path: string;
  /** What was met and what was wanted. */
  readonly fault: string;
  readonly origin: Origin | undefined;
}

/** More help nobody; a file of garbage must not become an error of a megabyte. */
const PROBLEMS_MAX = 50;
const PATH_CHARACTERS_MAX = 80;

/** Collects problems while a configuration is loaded. */
export class ConfigProblems {
  readonly #problems: ConfigProblem[] = [];
  readonly #redactor = new Redactor();

  get isEmpty(): boolean {
    return this.#problems.length === 0;
  }

  /** Whether more would be dropped. */
  get isFull(): boolean {
    return this.#problems.length >= PROBLEMS_MAX;
  }

  add(problem: ConfigProblem): void {
    if (!this.isFull) this.#problems.push(problem);
  }

  /** Whether something was already found wrong with the setting. */
  concerns(path: string): boolean {
    return this.#problems.some((problem) => problem.path === path);
  }

  /** Makes sure the secret does not show in the message, should it also stand where it does not belong. */
  hide(secret: string): void {
    this.#redactor.register(secret);
  }

  /** Whether a hidden secret is in the text. */
  hides(text: string): boolean {
    return this.#redactor.redact(text) !== text;
  }

  /** All of it as one error; its code is that of the problems when they agree. */
  toError(): BarnacleError {
    const codes = new Set(this.#problems.map((problem) => problem.code));
    const [code = "CONFIG_INVALID"] = codes;
    const lines = this.#problems.map((problem) => this.#redactor.redact(formatProblem(problem)));
    if (this.isFull) lines.push("and maybe more");
    return new BarnacleError({
      code: codes.size === 1 ? code : "CONFIG_INVALID",
      action: "Load the configuration",
      problems: lines,
      hint: "docs/configuration.md describes every setting, with its default and its environment variable",
    });
  }
}

function formatProblem({ path, fault, origin }: ConfigProblem): string {
  const subject = path === "" ? "" : `${showPath(path)}: `;
  return origin === undefined ? `${subject}${fault}` : `${subject}${fault} (${formatOrigin(origin)})`;
}

/** A key of a file may hold anything; a plain one is shown as it is. */
function showPath(path: string): string {
  const short = path.length <= PATH_CHARACTERS_MAX ? path : `${path.slice(0, PATH_CHARACTERS_MAX)}…`;
  return /^[\w.$-]+$/.test(short) ? short : JSON.stringify(short);
}
