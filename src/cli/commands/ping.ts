import { anyText, commonFlags, defineCommand, switchFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface PingFlags extends CommonFlags {
  readonly json: boolean | undefined;
}

export const pingCommand = defineCommand<PingFlags, [string]>({
  help: {
    brief: "Ask a peer for a sign of life and show the round trip",
    details:
      "The running agent of the work directory asks, over the connection it has or makes. Exit code 1 when the " +
      "peer does not answer, 3 when no agent runs here.\n\n" +
      'JSON: {"node_id", "name", "round_trip_ms"}; name is null for a stranger.',
    examples: [["ping chimera", "A contact"], ["ping ed25519:… --json", "Any node that is known, for a script"]],
  },
  parameters: {
    flags: { json: switchFlag("Print JSON"), ...commonFlags() },
    positional: {
      kind: "tuple",
      parameters: [{ parse: anyText, brief: "A contact's name, a node id or an invitation", placeholder: "PEER" }],
    },
  },
  load: () => import("../actions/ping.ts"),
});
