/** The same agent from its sources under Node and Deno, beside the binary. */
import { join } from "node:path";
import { COMMANDS } from "../e2e/barnacle.ts";
import { formatFigures, ratios } from "./figures.ts";
import { IN_FLIGHT } from "./mail-brokers.ts";
import { MailFloor } from "./mail-floor.ts";
import { type Carried, carry } from "./mail-throughput.ts";
import type { Section } from "./tables.ts";
import { progress, ROOT, type Workshop } from "./workshop.ts";

/** How a program is run under a runtime, without the program. */
type Words = readonly string[];

const BASELINE = join(ROOT, "test", "bench", "baselines", "mail.ts");
const FLOOR_MS = 700;

const TIMEOUT_MS = 10_000;

interface Measured {
  readonly name: string;
  readonly bounds: number[];
  readonly carried: Carried[];
}

export async function benchRuntimes(workshop: Workshop): Promise<Section> {
  const rounds = workshop.quick ? 1 : 3;
  const messages = workshop.quick ? 6_000 : 20_000;
  const withBaseline = (words: Words) => [...words.slice(0, -1), BASELINE];
  const { folder } = workshop.spot("mail");
  const ways = [
    { name: "Bun, the binary", words: [workshop.binary], baseline: [workshop.baseline("mail")] },
    { name: "Node", words: COMMANDS.node, baseline: withBaseline(COMMANDS.node) },
    { name: "Deno", words: COMMANDS.deno, baseline: withBaseline(COMMANDS.deno) },
  ];
  const measured: Measured[] = ways.map(({ name }) => ({ name, bounds: [], carried: [] }));
  for (let round = 1; round <= rounds; round++) {
    for (const [index, { name, words, baseline }] of ways.entries()) {
      progress(`mail: ${name}, round ${round} of ${rounds}`);
      const conversation = {
        words,
        folder: join(folder, `way-${index}`),
        inFlight: IN_FLIGHT,
        messages,
        timeoutMs: TIMEOUT_MS,
      };
      measured[index]?.bounds.push((await new MailFloor(baseline, folder).crypto(FLOOR_MS)).messagesPerSecond);
      measured[index]?.carried.push(await carry(conversation));
    }
  }
  return {
    name: "mail-runtimes",
    title: "Mail: runtimes",
    method:
      `${IN_FLIGHT} in flight, as above, ${
        messages.toLocaleString("en-US")
      } messages; under Node and Deno from the sources. The bound is ` +
      "that of each runtime's own cryptography.",
    table: [
      ["", "messages/s", "bound of the cryptography", "ratio", "sender, µs a message", "receiver, µs a message"],
      ...measured.map(renderRow),
    ],
  };
}

function renderRow({ name, bounds, carried }: Measured): string[] {
  const rates = carried.map(({ messagesPerSecond }) => messagesPerSecond);
  const times = [
    carried.map(({ senderUsPerMessage }) => senderUsPerMessage),
    carried.map(({ receiverUsPerMessage }) => receiverUsPerMessage),
  ];
  return [
    name,
    formatFigures(rates),
    formatFigures(bounds),
    formatFigures(ratios(rates, bounds)),
    ...times.map(formatFigures),
  ];
}
