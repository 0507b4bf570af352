import {
  describeVacant,
  findGateways,
  formatVersion,
  type Gateway,
  isUntried,
  TRIED_VERSIONS,
  type VacantPlace,
} from "../../openclaw/mod.ts";
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
    const { gateways, vacant } = await findGateways(parts, { stateDirectories }, new AbortController().signal);
    const findings = gateways.flatMap(findingsOf);
    const none = gateways.length === 0 ? [ok(SUBJECT, "no gateway was found for this user")] : [];
    return [...none, ...findings, ...vacant.map(vacancyOf)];
  } finally {
    client.close();
  }
}

const REMEDY = "mend it if it matters; the rest works without";
/** By what is not known. */
const REMEDIES: Readonly<Record<string, string>> = {
  configuration: "openclaw config validate names what is wrong; Barnacle changes nothing of it",
  gateway: "see what listens on that port; gateway.port of its configuration is where it is looked for",
  version: "start the gateway, or put its command on the PATH; until it is known, HEARTBEAT.md is left alone",
  "hook token":
    "set hooks.token, a secret of its own, as plain text or by a variable that Barnacle has too; or install the plugin",
};

function untried(name: string, told: string): Finding {
  const message =
    `${name}: ${told} is newer than any that Barnacle was tried with (${TRIED_VERSIONS.join(", ")}); it is taken ` +
    "for one of 2026.8.1 and newer";
  return warning(
    SUBJECT,
    message,
    "where something does not work with it, look for a newer Barnacle; the files work with any",
  );
}

/** One that nobody named is only told of: OpenClaw's tools make such a directory for other reasons too. */
function vacancyOf(place: VacantPlace): Finding {
  if (!place.isNamed) return ok(SUBJECT, describeVacant(place));
  const hint =
    "correct OPENCLAW_STATE_DIR, OPENCLAW_PROFILE, OPENCLAW_CONFIG_PATH or gateway.stateDirectories, or set the " +
    "gateway up there (openclaw setup)";
  return warning(SUBJECT, describeVacant(place), hint);
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
    ...(version !== undefined && isUntried(version.number) ? [untried(name, told)] : []),
    ...unknown.map(({ what, why }) => warning(SUBJECT, `${name}: ${what} unknown: ${why}`, REMEDIES[what] ?? REMEDY)),
  ];
}
