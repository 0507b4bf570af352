import * as z from "zod/mini";
import { name, semver, tags } from "../../contract/mod.ts";
import { VERSION } from "../../version.ts";
import type { SectionDefinition } from "../definition.ts";
import { ADDRESSES_MAX, path, peerAddress, tcpAddress } from "./values.ts";

/** As OpenClaw writes an agent's id in paths. */
const AGENT_ID_REGEXP = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Who this installation is, as the world sees it. */
export const service = {
  description: "Who this installation is, as the world sees it.",
  settings: {
    name: {
      type: () => name,
      default: "barnacle",
      description:
        "The service's name in the published document (`service_name`), the same on every host that offers it.",
    },
    agentName: {
      type: () => name,
      default: "Barnacle",
      description: "The name under which `GET /status` and `GET /capabilities` answer (`agent_name`).",
    },
    version: {
      type: () => semver,
      default: VERSION,
      description: "The service's version in the published document.",
      form: "semantic version",
      defaultWords: "Barnacle's own version",
    },
    instanceId: {
      type: () => name,
      description: "The instance's id in the published document. It must stay the same across restarts, and no two " +
        "installations may share it: the newer document of either would hide the other's.",
      defaultWords: "made once and kept in `.barnacle/instance.json`",
    },
    tags: {
      type: () => tags,
      default: Object.freeze({}),
      description: "Facts by which readers select instances, such as region, gpu or tenant. In the environment: " +
        "`region=eu,gpu=a100`.",
      form: "object of texts",
    },
    availability: {
      type: () => z.enum(["available", "paused"]),
      default: "available",
      description: "`paused` tells readers to send no work, however well and idle the service is.",
    },
  },
} satisfies SectionDefinition;

const OTHERS_MAX = 32;
const OTHERS_NONE: readonly OtherAgent[] = Object.freeze([]);

/** An agent of this host besides the one of the work directory. */
export interface OtherAgent {
  readonly id: string;
  /** Its work directory. */
  readonly directory: string;
  /** `own`: it is a node of its own. `shared`: it is reached under the identity of the daemon's work directory. */
  readonly identity: "own" | "shared";
  readonly listen?: string | undefined;
  readonly advertise?: readonly string[] | undefined;
}

function agentId(): z.ZodMiniString {
  return z.string().check(
    z.regex(AGENT_ID_REGEXP, { error: "an agent's id: up to 64 lower-case letters, digits, _ and -" }),
  );
}

/** The agents of this host. */
export const agents = {
  description: "The agents of this host.",
  settings: {
    id: {
      type: agentId,
      default: "main",
      description: "What the agent of this work directory is called where several share an identity.",
    },
    others: {
      type: () =>
        z.array(z.strictObject({
          id: agentId(),
          directory: path(),
          identity: z._default(z.enum(["own", "shared"]), "own"),
          listen: z.optional(tcpAddress()),
          advertise: z.optional(z.array(peerAddress()).check(z.maxLength(ADDRESSES_MAX))),
        })).check(z.maxLength(OTHERS_MAX)),
      default: OTHERS_NONE,
      description:
        "Agents in other directories whose mail this daemon carries: `id`, `directory`, `identity` (`own` or " +
        "`shared`), `listen`, `advertise`. See [mail.md](mail.md#several-agents-on-one-host).",
      form: "list of objects; in the environment as JSON",
      isJson: true,
    },
    file: {
      type: path,
      default: "agents.json",
      description:
        "The agent registration file: which agents exist here, their capabilities and slots. It is read again " +
        "when it changes, and may be missing.",
      isPath: true,
    },
  },
} satisfies SectionDefinition;
