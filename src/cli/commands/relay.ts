import { buildRouteMap } from "@stricli/core";
import { anyText, commonFlags, composeDocs, defineCommand, switchFlag, textFlag, textsFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";
import type { Invocation } from "../context.ts";
import { dictionary } from "../dictionary.ts";

export interface RelayFlags extends CommonFlags {
  readonly listen: string | undefined;
  readonly advertise: readonly string[] | undefined;
  readonly access: string | undefined;
  readonly http: string | undefined;
}

const serveCommand = defineCommand<RelayFlags>({
  help: {
    brief: "Run a relay: nodes that cannot be dialled are reached over it",
    details:
      "Nodes behind NAT keep a connection to the relay; others send to them over it. The relay hands frames on " +
      "unchanged and can read none that is sealed. It is trusted with nothing but being there.\n\n" +
      "It wants a work directory of its own and makes its identity there on first use. docs/relay.md tells how to run a " +
      "public one.",
    examples: [
      ["relay", "Listen on 127.0.0.1:9003, to try it"],
      [
        "relay --listen 0.0.0.0:9003 --advertise relay://relay.example:9003 --dir /var/lib/barnacle-relay",
        "For everybody, under its public name",
      ],
      ["relay --access listed --http 127.0.0.1:7412", "For those on the list, with metrics for this host"],
    ],
  },
  parameters: {
    flags: {
      listen: textFlag("Nodes connect here; port 0 takes a free one [default = 127.0.0.1:9003]", "HOST:PORT"),
      advertise: textsFlag(
        "Tell nodes this address instead of the one listened on; may be repeated",
        "relay://HOST:PORT",
      ),
      access: textFlag("Who may be reached over it: open or listed [default = open]", "WHO"),
      http: textFlag("Answer GET /metrics, /healthz and /readyz here [default = nowhere]", "HOST:PORT"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/relay.ts"),
});

export interface RelayInfoFlags extends CommonFlags {
  readonly json: boolean | undefined;
}

const infoCommand = defineCommand<RelayInfoFlags>({
  help: {
    brief: "Show what others need to use this relay: node id, public key, addresses",
    details:
      "Makes the identity if there is none. The addresses are those of relay.advertise, else the one it listens " +
      'on.\n\nJSON: {"node_id", "pub", "fingerprint", "addrs", "mailbox"}: what barnacle manifest make takes.',
    examples: [
      ["relay info --dir /var/lib/barnacle-relay", "To be published"],
      ["relay info --json > relay-1.json", "For a manifest"],
    ],
  },
  parameters: { flags: { json: switchFlag("Print JSON"), ...commonFlags() } },
  load: () => import("../actions/relay-info.ts"),
});

export interface RelayInviteFlags extends CommonFlags {
  readonly name: string | undefined;
}

const inviteCommand = defineCommand<RelayInviteFlags, [string]>({
  help: {
    brief: "Let a node be reached over this relay, where access is listed",
    details:
      "Takes a node id, or an invitation as barnacle id shows it, and writes it into relay.membersFile, which can " +
      "also be edited by hand: a node id a line. Any MoltComm v1 node can be invited, since it has to do nothing " +
      "for it. A running relay takes the change within seconds.\n\nStandard output carries what the node's operator " +
      "needs: the relay's addresses.",
    examples: [
      ["relay invite ed25519:YpRmsCeCkpueDKhzWb8ZYWJ9SEoqhePxbNj7VJLXoI8 --name chimera", "By its node id"],
      ["relay invite moltcomm:YpRmsCeCkpueDKhzWb8ZYWJ9SEoqhePxbNj7VJLXoI8+name=Chimera", "By its invitation"],
    ],
  },
  parameters: {
    flags: { name: textFlag("A name for the list, for people", "NAME"), ...commonFlags() },
    positional: {
      kind: "tuple",
      parameters: [{ parse: anyText, brief: "Whom", placeholder: "NODE" }],
    },
  },
  load: () => import("../actions/relay-invite.ts"),
});

export interface RelayInstallFlags extends CommonFlags {
  readonly print: boolean | undefined;
}

const installCommand = defineCommand<RelayInstallFlags>({
  help: {
    brief: "Print a systemd unit for a public relay",
    details: "It is printed, never installed: read it, set the relay's public name in it, and put it where systemd " +
      "looks. docs/relay.md has the steps.",
    examples: [
      ["relay install --print | sudo tee /etc/systemd/system/barnacle-relay.service", "The unit, as it is"],
    ],
  },
  parameters: { flags: { print: switchFlag("Print it: what there is to do"), ...commonFlags({ hidden: true }) } },
  load: () => import("../actions/relay-install.ts"),
});

export const relayRoutes = buildRouteMap<"serve" | "info" | "invite" | "install", Invocation>({
  routes: dictionary({ serve: serveCommand, info: infoCommand, invite: inviteCommand, install: installCommand }),
  defaultCommand: "serve",
  docs: composeDocs({
    brief: "Run a relay, over which nodes behind NAT are reached; say who may use it",
    examples: [["relay", "Run it"], ["relay info", "What to publish"]],
  }),
});
