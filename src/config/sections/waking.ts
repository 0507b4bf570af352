import * as z from "zod/mini";
import type { SectionDefinition } from "../definition.ts";
import { wholeNumber } from "./values.ts";

const DAY_SECONDS = 86_400;
const AGENT_ID_REGEXP = /^[a-z0-9][a-z0-9_-]{0,63}$/i;
const HOURS_REGEXP = /^(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d$/;

/** Waking the agent when mail comes. Source: docs/openclaw.md. */
export const waking = {
  description:
    "Waking the agent of an OpenClaw gateway on this host when mail comes for it. It is told where its mail is, never what is in it. " +
    "Where no gateway is found, or none that lets itself be asked, nothing is done.",
  settings: {
    enabled: {
      type: () => z.boolean(),
      default: true,
      description: "`false` leaves the agent asleep until its own heartbeat.",
    },
    agentId: {
      type: () => z.string().check(z.regex(AGENT_ID_REGEXP, { error: "an agent's id" })),
      description: "The agent to wake.",
      defaultWords:
        "the one whose workspace is the work directory; with the plugin installed for this directory, the default one",
    },
    admit: {
      type: () => z.enum(["contacts", "all"]),
      default: "contacts",
      description:
        "Whose messages wake. Those of strangers are in the inbox all the same, unless `mailbox.admit` turns them away.",
    },
    quietHours: {
      type: () =>
        z.string().check(
          z.regex(HOURS_REGEXP, { error: "hours such as 22:00-07:00" }),
          z.refine<string>((value) => value.slice(0, 5) !== value.slice(6), {
            error: "hours that end when they do not begin",
          }),
        ),
      description:
        "Hours of the day, such as `22:00-07:00` in the time zone of this host, in which nobody is woken; what came meanwhile wakes at " +
        "their end.",
      form: "HH:MM-HH:MM",
    },
    mergeSeconds: {
      type: wholeNumber(1, 3_600),
      default: 10,
      description:
        "The first message wakes at once; those that come within so many seconds of it are for the next call. A gateway starts an agent " +
        "5 times a minute at most, and is asked no more often.",
    },
    retrySeconds: {
      type: wholeNumber(10, DAY_SECONDS),
      default: 120,
      description:
        "An agent whose cursor has not moved after so many seconds is woken again; each further time it is given twice as long, an hour " +
        "at most.",
    },
    retriesMax: {
      type: wholeNumber(0, 100),
      default: 8,
      description:
        "How often an agent that reads nothing is woken again, until something new comes. Each time costs a turn of its model.",
    },
  },
} satisfies SectionDefinition;
