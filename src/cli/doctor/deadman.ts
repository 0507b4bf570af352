import { kindOf } from "../../deadman/mod.ts";
import { ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const SUBJECT = "dead-man";

/** The dead-man's switch: whether there is one, and whether it can be told that something is wrong. It is not requested. */
export function checkDeadman({ loaded }: Patient): Promise<Finding[]> {
  const { kind, token, url } = loaded.config.deadman;
  if (url === undefined) return Promise.resolve([ok(SUBJECT, "none is configured (deadman.url)")]);
  const address = url.reveal();
  const actual = kind === "auto" ? kindOf(address) : kind;
  const { origin } = new URL(address);
  if (actual === "plain") {
    const message = `${origin} is told only that all is well: what kind of watcher it is does not show`;
    return Promise.resolve([
      kind === "plain"
        ? ok(SUBJECT, message)
        : warning(SUBJECT, message, "set deadman.kind, if it is one of those it names"),
    ]);
  }
  if (actual === "gatus" && token === undefined) {
    return Promise.resolve([
      warning(SUBJECT, `${origin} is a Gatus and wants a token`, "set deadman.token to the endpoint's"),
    ]);
  }
  return Promise.resolve([ok(SUBJECT, `${origin} is told by the conventions of ${actual}`)]);
}
