import * as z from "zod/mini";
import type { SectionDefinition } from "../definition.ts";

/** What is said on standard error. */
export const log = {
  description: "What is written to standard error.",
  settings: {
    level: {
      type: () => z.enum(["debug", "info", "warn", "error"]),
      default: "info",
      description: "The least grave events that are written.",
    },
    format: {
      type: () => z.enum(["auto", "json", "text"]),
      default: "auto",
      description: "`auto` writes lines for people on a terminal and JSON elsewhere.",
    },
  },
} satisfies SectionDefinition;
