/** What the binary weighs above Bun itself. */
import { statSync } from "node:fs";
import { compare, type Section } from "./tables.ts";
import type { Workshop } from "./workshop.ts";

const MB = 1e6;

export function benchSize(workshop: Workshop): Promise<Section> {
  const ours = statSync(workshop.binary).size / MB;
  const nothing = statSync(workshop.baseline("nothing")).size / MB;
  return Promise.resolve({
    name: "size",
    title: "Size",
    method:
      "The baseline is a program without a line, compiled by the same Bun with the same flags. 1 MB is 1,000,000 bytes.",
    table: compare("empty Bun binary", [
      { what: "binary, MB", ours: [ours], baseline: [nothing] },
      { what: "above the empty one, MB", ours: [ours - nothing], floor: { of: "value", atMost: 4 } },
    ]),
  });
}
