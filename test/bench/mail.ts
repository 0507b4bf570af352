/** Mail: how fast it is carried, beside what bounds it and what others do; what it costs to hold. */
import { join } from "node:path";
import { COMMANDS, ROOT } from "../e2e/barnacle.ts";
import { benchFlood } from "./mail-flood.ts";
import { benchInbox } from "./mail-inbox.ts";
import { benchMemory } from "./mail-memory.ts";
import { benchSideBySide } from "./mail-rounds.ts";
import { benchRuntimes } from "./mail-runtimes.ts";
import type { Section } from "./tables.ts";
import type { Workshop } from "./workshop.ts";

export async function benchMail(workshop: Workshop): Promise<Section[]> {
  return [
    ...await benchSideBySide(workshop),
    await benchRuntimes(workshop, {
      commands: COMMANDS,
      baseline: join(ROOT, "test", "bench", "baselines", "mail.ts"),
    }),
    await benchInbox(workshop),
    await benchMemory(workshop),
    await benchFlood(workshop),
  ];
}
