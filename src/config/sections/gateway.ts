import * as z from "zod/mini";
import type { SectionDefinition } from "../definition.ts";
import { list, path, wholeNumber } from "./values.ts";

const STATE_DIRECTORIES_MAX = 16;

/** The OpenClaw gateways of this host. */
export const gateway = {
  description:
    "The OpenClaw gateways of this host: which there are, their versions and agents. They are found by OpenClaw's own rules " +
    "(`OPENCLAW_STATE_DIR`, `OPENCLAW_PROFILE`, `~/.openclaw`, `~/.openclaw-<profile>`); nothing of theirs is changed or started.",
  settings: {
    find: {
      type: () => z.boolean(),
      default: true,
      description: "`false` leaves OpenClaw's files alone; a Monitor is then told nothing about OpenClaw.",
    },
    stateDirectories: {
      type: list(path, STATE_DIRECTORIES_MAX),
      default: Object.freeze([]),
      description:
        "State directories of gateways that are kept elsewhere, of another user for instance. They come before the ones that are found.",
      isPath: true,
      form: "list of paths",
    },
    intervalSeconds: {
      type: wholeNumber(5, 3_600),
      default: 30,
      description:
        "How often to look. A changed configuration file is noticed at once where the platform tells of changes.",
    },
  },
} satisfies SectionDefinition;
