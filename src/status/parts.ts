/**
 * The parts of the agent that can fail, each asked by a check of its own. Source: the status contract, "Mapping".
 *
 * @module
 */
import { BarnacleError, toBarnacleError } from "../errors.ts";
import type { CheckResult, Checks } from "../http/mod.ts";
import type { FailingPart } from "./health.ts";

/**
 * Says at once, from what its part already knows, whether the part works. Called often, so it must be cheap. The message stays on
 * this host.
 */
export type Check = () => CheckResult;

/** Whom a failing check concerns besides the health: `readiness` also makes `GET /readyz` say no. */
export type CheckScope = "health" | "readiness";

/** The checks by the names of their parts, which are published when they fail. */
export class Parts {
  readonly #checks = new Map<string, { readonly check: Check; readonly scope: CheckScope }>();

  /** @throws `INTERNAL` when the part has a check already */
  add(name: string, check: Check, scope: CheckScope): void {
    if (this.#checks.has(name)) {
      throw new BarnacleError({ code: "INTERNAL", action: `Add a check of "${name}"`, value: "a second one" });
    }
    this.#checks.set(name, { check, scope });
  }

  /** The parts that fail now. */
  failing(): FailingPart[] {
    const failing: FailingPart[] = [];
    for (const [name, { check }] of this.#checks) {
      const { ok, message } = run(check);
      if (!ok) failing.push({ name, message: message ?? "no details" });
    }
    return failing;
  }

  /** The checks that concern readiness, by name. */
  readinessChecks(): Checks {
    const concerned = [...this.#checks].filter(([, { scope }]) => scope === "readiness");
    return Object.fromEntries(concerned.map(([name, { check }]) => [name, () => run(check)]));
  }
}

/** A check that throws has failed; it must not take the others with it. */
function run(check: Check): CheckResult {
  try {
    return check();
  } catch (thrown) {
    return { ok: false, message: toBarnacleError(thrown, "Check").message };
  }
}
