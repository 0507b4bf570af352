import * as z from "zod/mini";
import { name, semver, tags } from "../../contract/mod.ts";
import { VERSION } from "../../version.ts";
import type { SectionDefinition } from "../definition.ts";
import { path } from "./values.ts";

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

/** The agents of this host. */
export const agents = {
  description: "The agents of this host.",
  settings: {
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
