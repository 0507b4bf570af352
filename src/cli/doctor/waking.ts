import { isBarnacleError } from "../../errors.ts";
import { findGateways } from "../../openclaw/mod.ts";
import { findTarget, isObstacle } from "../../openclaw/waking/mod.ts";
import { joinPath, statIfThere, workDirectoryPaths } from "../../store/mod.ts";
import { agentClient, mailOf, readEndpointFile } from "../endpoint.ts";
import { ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const SUBJECT = "waking";

/** Waking the agent of a gateway when mail comes: whom, how, and what keeps it from happening. */
export async function checkWaking(patient: Patient): Promise<Finding[]> {
  const { gateway, moltcomm, waking } = patient.loaded.config;
  if (!moltcomm.enabled || !waking.enabled) return [ok(SUBJECT, "is off (waking.enabled, moltcomm.enabled)")];
  if (!gateway.find) return [ok(SUBJECT, "is not possible while no gateway is looked for (gateway.find)")];
  return await askAgent(patient) ?? await look(patient);
}

/** The running agent of this work directory knows what came of it. */
async function askAgent({ runtime, loaded }: Patient): Promise<Finding[] | undefined> {
  if (await readEndpointFile(runtime.files, loaded.directory) === undefined) return undefined;
  const client = await agentClient(runtime, loaded);
  try {
    const { waking } = mailOf(await client.status(), loaded);
    if (waking === undefined) return undefined;
    const { agent, hint, problem, unheeded, unread, woken } = waking;
    if (problem !== null) return [warning(SUBJECT, problem, hint ?? "look at the agent's log")];
    return [
      ok(SUBJECT, `${agent ?? "nobody"}: woken ${woken} times, ${unread} unread, ${unheeded} calls not heeded yet`),
    ];
  } catch (thrown) {
    // That it does not answer is another check's business.
    if (isBarnacleError(thrown)) return undefined;
    throw thrown;
  } finally {
    client.close();
  }
}

async function look({ runtime, loaded }: Patient): Promise<Finding[]> {
  const { directory, config: { gateway: { stateDirectories }, waking: { agentId } } } = loaded;
  const client = runtime.http.client({});
  try {
    const parts = { ...runtime, fetch: client.fetch };
    const { gateways } = await findGateways(parts, { stateDirectories }, new AbortController().signal);
    if (gateways.length === 0) return [ok(SUBJECT, "no gateway was found whose agents could be woken")];
    const key = joinPath(workDirectoryPaths(directory).stateDirectory, "openclaw.key");
    const hasKey = await statIfThere(runtime.files, key) !== undefined;
    const found = findTarget(gateways, { directory, agentId, hasKey });
    if (isObstacle(found)) return [warning(SUBJECT, `nobody is woken: ${found.why}`, found.hint)];
    const { agentId: id, gateway: { baseUrl, hooks } } = found;
    if (hasKey || (hooks.isEnabled && hooks.token !== undefined)) return [ok(SUBJECT, `${id} at ${baseUrl}`)];
    const hint = "set hooks.enabled and hooks.token in the gateway's configuration, or install the plugin";
    return [warning(SUBJECT, `${id} at ${baseUrl} cannot be woken: no webhooks with a token, and no plugin`, hint)];
  } finally {
    client.close();
  }
}
