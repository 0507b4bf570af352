/** Hunts: a failure taken for a registry that is out of reach, which would skip the trial with real gateways and call it well. */
import { expect, test } from "vitest";
import { unreachableBy } from "./npm-answer.ts";

function said(code: string): string {
  return `npm warn Unknown user config\nnpm error code ${code}\nnpm error network This is a problem related to network connectivity.\n`;
}

test.each([["ENOTFOUND"], ["EAI_AGAIN"], ["ECONNREFUSED"], ["ETIMEDOUT"], ["ERR_SOCKET_TIMEOUT"]])(
  "unreachableBy names %s",
  (code) => expect(unreachableBy(said(code))).toBe(code),
);

test.each([["E404"], ["ETARGET"], ["E403"], ["EINTEGRITY"], ["ENOSPC"], ["1"]])(
  "unreachableBy lets a failure with code %s be one",
  (code) => expect(unreachableBy(said(code))).toBeUndefined(),
);

test("unreachableBy reads npm's code, not what else is said", () => {
  expect(unreachableBy("npm error code 1\nnpm error path node_modules/x\nnpm error connect ECONNREFUSED network"))
    .toBeUndefined();
  expect(unreachableBy("")).toBeUndefined();
});
