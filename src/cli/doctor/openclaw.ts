import { findGateways, formatVersion, type Gateway } from "../../openclaw/mod.ts";
import { ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const SUBJECT = "openclaw";

/** The OpenClaw gateways of this host: which there are, and what of them is not known. */
export async function checkOpenClaw({ runtime, loaded }: Patient): Promise<Finding[]> {
  const { find, stateDirectories } = loaded.config.gateway;
  if (!find) return [ok(SUBJECT, "is not looked for (gateway.find)")];
  const client = runtime.http.client({});
  try {
    const parts = { ...runtime, fetch: client.fetch };
    const { gateways } = await findGateways(parts, { stateDirectories }, new AbortController().signal);
    if (gateways.length === 0) return [ok(SUBJECT, "no gateway was found for this user")];
    return gateways.flatMap(findingsOf);
  } finally {
    client.close();
  }
}

function findingsOf(gateway: Gateway): Finding[] {
  const { agents, baseUrl, profile, state, stateDirectory, unknown, version } = gateway;
  const name = profile === undefined ? "the gateway" : `the gateway "${profile}"`;
  const told = version === undefined ? "of unknown version" : formatVersion(version);
  const where = agents.map(({ id, workspace, hasWorkspace }) =>
    `${id} works in ${workspace}${hasWorkspace ? "" : ", which is made at its first turn"}`
  );
  const message = [`${name} of ${stateDirectory}, ${told}, ${state} at ${baseUrl}`, ...where].join("\n");
  return [
    ok(SUBJECT, message),
    ...unknown.map(({ what, why }) =>
      warning(SUBJECT, `${name}: ${what} unknown: ${why}`, "mend it if it matters; the rest works without")
    ),
  ];
}
