import { commonFlags, defineCommand, switchFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface PeersFlags extends CommonFlags {
  readonly json: boolean | undefined;
}

export const peersCommand = defineCommand<PeersFlags>({
  help: {
    brief: "Show the nodes this host knows",
    details: "The running agent is asked; when none runs, what the last one kept is shown.\n\n" +
      'JSON: {"running", "peers": [{"node_id", "name", "addresses", "agent", "sealing", "connected", "last_handshake", ' +
      '"record_expires"}]}; name is the contact\'s or null, times are RFC 3339 or null.',
    examples: [["peers", "Connected ones first"], ["peers --json", "For a script"]],
  },
  parameters: { flags: { json: switchFlag("Print JSON"), ...commonFlags() } },
  load: () => import("../actions/peers.ts"),
});
