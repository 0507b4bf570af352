import { formatAddress } from "../../address.ts";
import { type MailAnswer, type PeerAddress, readPeerAddress, type StatusAnswer } from "../../contract/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import { examineHeartbeat, findSection } from "../../mailbox/commands.ts";
import { mailDirectoryPath } from "../../mailbox/mod.ts";
import { identityPath, loadIdentity } from "../../moltcomm/mod.ts";
import { isSkillOf, managedSkillPaths, managedSkillText, readGatewayScratch } from "../../openclaw/instructions/mod.ts";
import { hasPluginEntry, sightOf } from "../../openclaw/mod.ts";
import type { Target } from "../../openclaw/waking/mod.ts";
import { joinPath } from "../../store/mod.ts";
import { agentClient, mailOf, readEndpointFile } from "../endpoint.ts";
import { identityDirectory } from "../mail/identity.ts";
import { findGatewayAgent, readsNoFile } from "../mail/instructions.ts";
import { checkAddress } from "./addresses.ts";
import { failure, failureFrom, ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const IDENTITY = "identity";
const ADDRESS = "mail address";
const HEARTBEAT = "heartbeat";
const SANDBOX = "sandbox";
const MAIL = "mail";

/** Mail: who this host is, where it listens, whether its agents look, and what keeps messages from coming or going. */
export async function checkMail(patient: Patient): Promise<Finding[]> {
  if (!patient.loaded.config.moltcomm.enabled) return [ok(MAIL, "is off (moltcomm.enabled)")];
  const agent = await findGatewayAgent(patient.runtime, patient.loaded);
  return [
    await checkIdentity(patient),
    ...await checkListen(patient),
    await checkHeartbeat(patient, agent),
    ...checkSandbox(patient, agent),
    ...await checkFlow(patient),
  ];
}

/** `refuses`: it wants another token. `undefined`: none answers, which is another check's business. */
type Asked = StatusAnswer | "refuses" | undefined;

async function askAgent({ runtime, loaded }: Patient): Promise<Asked> {
  const client = await agentClient(runtime, loaded);
  try {
    return await client.status();
  } catch (thrown) {
    if (!isBarnacleError(thrown)) throw thrown;
    return thrown.code === "UNAUTHORIZED" || thrown.code === "FORBIDDEN" ? "refuses" : undefined;
  } finally {
    client.close();
  }
}

async function checkIdentity({ runtime, loaded }: Patient): Promise<Finding> {
  const place = { directory: identityDirectory(loaded) };
  const path = identityPath(place.directory);
  try {
    const identity = await loadIdentity(runtime, place);
    if (identity === undefined) return ok(IDENTITY, "none yet: barnacle init or the first start makes it");
    return ok(IDENTITY, `${identity.nodeId}, its key is nobody else's to read`);
  } catch (thrown) {
    return failureFrom(IDENTITY, thrown, `make ${path} readable for the user that runs barnacle, and for nobody else`);
  }
}

async function checkListen(patient: Patient): Promise<Finding[]> {
  const { config, origins } = patient.loaded;
  const address = readPeerAddress(config.moltcomm.listen);
  // The configuration has checked it.
  if (address === undefined) return [];
  const finding = await checkAddress(patient, {
    subject: ADDRESS,
    listen: formatAddress(address),
    isOurs: async () => {
      const asked = await askAgent(patient);
      return asked === "refuses" ||
        (asked !== undefined && isSame(mailOf(asked, patient.loaded).mail?.address, address));
    },
    choose: "run --listen tcp://HOST:PORT",
    // Where nobody chose the port, a free one is taken in its place.
    isRequired: origins.get("moltcomm.listen")?.kind !== "default",
  });
  return [finding];
}

function isSame(told: string | null | undefined, address: PeerAddress): boolean {
  const ours = typeof told === "string" ? readPeerAddress(told) : undefined;
  return ours?.host === address.host && ours.port === address.port;
}

async function checkHeartbeat({ runtime, loaded }: Patient, agent: Target | undefined): Promise<Finding> {
  if (agent !== undefined && readsNoFile(agent)) return await checkInstructions(runtime, loaded, agent);
  const path = joinPath(loaded.directory, "HEARTBEAT.md");
  const advice = "barnacle init puts it there, near the top";
  try {
    switch (await examineHeartbeat(runtime.files, path)) {
      case "whole":
        return ok(HEARTBEAT, `${path} tells agents to look for mail`);
      case "changed":
        return warning(HEARTBEAT, `the mail section of ${path} is not the one that belongs there`, advice);
      case "absent":
        return warning(HEARTBEAT, `${path} has no mail section: agents that read it do not look for mail`, advice);
      case "no file":
        return warning(HEARTBEAT, `${path} is not there: agents are not told to look for mail`, advice);
    }
  } catch (thrown) {
    return failureFrom(HEARTBEAT, thrown, `mend ${path}, then run barnacle init again`);
  }
}

/** Where no file is read: by the scratch itself where it can be looked into, else by what init noted down. */
async function checkInstructions(
  runtime: Patient["runtime"],
  { directory }: Patient["loaded"],
  target: Target,
): Promise<Finding> {
  const { agentId, gateway } = target;
  const who = `${agentId} of ${gateway.stateDirectory} reads no HEARTBEAT.md`;
  if (await hasPluginEntry(runtime.files, gateway)) {
    return ok(HEARTBEAT, `${who}: the plugin tells it to look for mail`);
  }
  const { file } = managedSkillPaths(gateway.stateDirectory);
  if (!await isSkillOf(runtime.files, file, managedSkillText(agentId, directory))) {
    const advice = "barnacle init --yes tells it, or barnacle openclaw install, which puts the plugin in";
    return warning(HEARTBEAT, `${who}, and nothing else tells it to look for mail`, advice);
  }
  if (await isScratchWhole(runtime, target) === false) {
    const advice = "barnacle init --yes puts it back, and so does the agent while it runs, three times a day at most";
    return warning(
      HEARTBEAT,
      `${who}, and the section about mail in its heartbeat's scratch is gone or damaged`,
      advice,
    );
  }
  return ok(HEARTBEAT, `${who}: its heartbeat's scratch and ${file} tell it to look for mail`);
}

/** `undefined` where the gateway does not let itself be asked. */
async function isScratchWhole(runtime: Patient["runtime"], target: Target): Promise<boolean | undefined> {
  try {
    return findSection(await readGatewayScratch(runtime, target) ?? "", target.agentId) !== undefined;
  } catch (thrown) {
    if (!isBarnacleError(thrown)) throw thrown;
    return thrown.code === "MARKERS_DAMAGED" ? false : undefined;
  }
}

/** Where the agent works in a sandbox: whether its mail is in there too. */
function checkSandbox({ loaded }: Patient, target: Target | undefined): Finding[] {
  const agent = target?.gateway.agents.find(({ id }) => id === target.agentId);
  if (agent?.sandbox === undefined) return [];
  const { kind, mailDirectory, obstacle } = sightOf(agent, mailDirectoryPath(loaded.directory));
  if (obstacle !== undefined) return [warning(SANDBOX, obstacle.why, obstacle.hint)];
  const how = kind === "tools" ? "comes to its mail by the plugin's tools" : `sees its mail as ${mailDirectory}`;
  return [ok(SANDBOX, `${agent.id} works in one (${agent.sandbox.setting}), and ${how}`)];
}

/** Only the agent of this work directory is asked; it left word there. */
async function checkFlow(patient: Patient): Promise<Finding[]> {
  const { runtime, loaded } = patient;
  if (await readEndpointFile(runtime.files, loaded.directory) === undefined) return [];
  const asked = await askAgent(patient);
  if (asked === undefined || asked === "refuses") return [];
  const { mail, problem } = mailOf(asked, loaded);
  if (mail === undefined) {
    return [
      warning(
        MAIL,
        problem ?? "the running agent has none yet",
        "its log says what mail waits for, such as room on the disk",
      ),
    ];
  }
  return [...findingsOf(MAIL, mail), ...(loaded.carriedBy === undefined ? agentFindings(asked) : [])];
}

/** The other agents whose mail the daemon carries. */
function agentFindings({ mail_agents: agents = [] }: StatusAnswer): Finding[] {
  return agents.flatMap(({ directory, id, mail, problem, waking }) => {
    const subject = `mail of ${id}`;
    const advice = `mend that, or take the agent out of agents.others; barnacle doctor --dir ${directory} looks closer`;
    if (mail === null) return [failure(subject, problem ?? "has not started", advice)];
    const unwoken = waking?.problem ?? null;
    return [
      ...findingsOf(subject, mail),
      ...(unwoken === null ? [] : [warning(`waking ${id}`, unwoken, waking?.hint ?? "look at the agent's log")]),
    ];
  });
}

function findingsOf(subject: string, { inbox, outbox }: MailAnswer): Finding[] {
  const advice = "mend that; senders try again meanwhile, and nothing that was acknowledged is lost";
  const problems = [["inbox", inbox.problem], ["outbox", outbox.problem]] as const;
  const findings = problems.flatMap(([part, problem]) =>
    problem === null ? [] : [failure(subject === MAIL ? part : `${part} of ${subject}`, problem, advice)]
  );
  if (findings.length > 0) return findings;
  return [ok(subject, `${inbox.unread} unread, ${outbox.queued} waiting to be delivered`)];
}
