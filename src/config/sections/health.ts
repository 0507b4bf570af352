import * as z from "zod/mini";
import type { SectionDefinition } from "../definition.ts";
import { wholeNumber } from "./values.ts";

const DAY_SECONDS = 86_400;

/** When the service is `degraded`. Source: the status contract, "Local health, and where it comes from". */
export const health = {
  description: "When the service is `degraded`.",
  settings: {
    windowSeconds: {
      type: wholeNumber(10, DAY_SECONDS),
      default: 300,
      description: "The window over which finished tasks count for the error rate.",
    },
    errorRateThreshold: {
      type: () => z.number().check(z.minimum(0), z.maximum(1)),
      default: 0.2,
      description: "A larger share of failed tasks in the window degrades. 1 switches the rule off.",
    },
    errorRateTasksMin: {
      type: wholeNumber(1, 1_000_000),
      default: 5,
      description: "With fewer finished tasks in the window the error rate says nothing.",
    },
    queueWindowSeconds: {
      type: wholeNumber(1, DAY_SECONDS),
      default: 120,
      description: "A queue longer than the capacity for so long without a break degrades.",
    },
    recoverySeconds: {
      type: wholeNumber(0, DAY_SECONDS),
      default: 120,
      description: "No rule may have fired for so long before `degraded` is left: it keeps the status from flapping.",
    },
    receiverUnreachableSeconds: {
      type: wholeNumber(10, DAY_SECONDS),
      default: 600,
      description: "A receiver that took no publication for so long degrades.",
    },
    clockSkewMaxSeconds: {
      type: wholeNumber(1, DAY_SECONDS),
      default: 60,
      description: "A clock that is off by more than this degrades.",
    },
  },
} satisfies SectionDefinition;
