/**
 * The other agents of a host: what must hold among them, and the configuration as each of them has it.
 *
 * @module
 */
import { readPeerAddress } from "../contract/mod.ts";
import { resolveGivenPath } from "./assemble.ts";
import type { LoadedConfig } from "./load.ts";
import type { ConfigProblems } from "./problems.ts";
import { comparableDirectory, plainDirectory } from "./same-directory.ts";
import type { Config } from "./schema.ts";
import type { OtherAgent } from "./sections/service.ts";

const PATH = "agents.others";
/** A node nobody chose an address for: reached from this host, and by relays. */
const LISTEN_DEFAULT = "tcp://127.0.0.1:0";
/** What is Barnacle's own in a work directory, and no place for another's. */
const OWN_FOLDER_REGEXP = /\/(?:\.moltcomm|\.barnacle)(?:\/|$)/;

/** Where to find fault: an agent's place in the list, and what of it. */
interface Fault {
  readonly path: string;
  readonly fault: string;
}

/**
 * Checks the agents against each other and against the daemon's own.
 *
 * @param directory the daemon's work directory, absolute
 * @returns the configuration with what they are by default, and their directories as absolute paths
 */
export function settleOtherAgents(
  { config, origins }: Pick<LoadedConfig, "config" | "origins">,
  directory: string,
  problems: ConfigProblems,
): Config {
  const others = config.agents.others.map((agent) => ({
    ...agent,
    identity: agent.identity ?? "own",
    directory: plainDirectory(resolveGivenPath(agent.directory, origins.get(PATH), directory)),
  }));
  checkOtherAgents(others, { config, origins }, directory, problems);
  return { ...config, agents: { ...config.agents, others } };
}

function checkOtherAgents(
  others: readonly OtherAgent[],
  { config, origins }: Pick<LoadedConfig, "config" | "origins">,
  directory: string,
  problems: ConfigProblems,
): void {
  const { agents: { id }, moltcomm } = config;
  const origin = origins.get(PATH);
  const add = ({ path, fault }: Fault) => problems.add({ code: "CONFIG_INVALID", path, fault, origin });
  const ids = new Map([[id, "agents.id"]]);
  const directories = new Map([[comparableDirectory(directory), "the daemon's own work directory"]]);
  const listens = new Map([[portOf(moltcomm.listen), "moltcomm.listen"]]);
  for (const [index, agent] of others.entries()) {
    const path = `${PATH}.[${index}]`;
    const place = comparableDirectory(agent.directory);
    const told = (name: string, value: string) => ({ path: `${path}.${name}`, shown: JSON.stringify(value) });
    addTwice(ids, agent.id, told("id", agent.id), "an id of its own", add);
    addTwice(directories, place, told("directory", agent.directory), "a work directory of its own", add);
    if (OWN_FOLDER_REGEXP.test(place)) {
      const fault = `got ${JSON.stringify(agent.directory)}, wanted a directory outside .moltcomm and .barnacle`;
      add({ path: `${path}.directory`, fault });
    }
    const { listen } = agent;
    if (agent.identity === "shared") {
      for (const name of ["listen", "advertise"] as const) {
        if (agent[name] === undefined) continue;
        const fault =
          'got one with the identity "shared", which has no node of its own, wanted none, or the identity "own"';
        add({ path: `${path}.${name}`, fault });
      }
    } else if (listen !== undefined) {
      addTwice(listens, portOf(listen), told("listen", listen), "an address of its own", add);
    }
  }
}

/** The configuration as one of the other agents has it: its directory, and its node. */
export function configOfAgent(loaded: LoadedConfig, agent: OtherAgent): LoadedConfig {
  const { config, origins } = loaded;
  const { advertise = [], directory, identity, listen = LISTEN_DEFAULT } = agent;
  const moltcomm = identity === "own" ? { ...config.moltcomm, advertise: [...advertise], listen } : config.moltcomm;
  const listenOrigin = origins.get(identity === "own" ? PATH : "moltcomm.listen") ?? { kind: "default" };
  return {
    ...loaded,
    directory,
    origins: new Map([...origins, ["moltcomm.listen", listenOrigin]]),
    config: { ...config, moltcomm, waking: { ...config.waking, agentId: undefined } },
  };
}

/** Port 0 is another one for each; the default of the daemon's own node moves away when it is taken. */
function portOf(listen: string): string {
  return readPeerAddress(listen)?.port === 0 ? "" : listen.toLowerCase();
}

function addTwice(
  seen: Map<string, string>,
  key: string,
  { path, shown }: { readonly path: string; readonly shown: string },
  wanted: string,
  add: (fault: Fault) => void,
): void {
  const first = key === "" ? undefined : seen.get(key);
  if (first === undefined) seen.set(key, path);
  else add({ path, fault: `got ${shown}, which is that of ${first}, wanted ${wanted}` });
}
