import { buildRouteMap } from "@stricli/core";
import { anyText, commonFlags, composeDocs, defineCommand, switchFlag, textFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";
import type { Invocation } from "../context.ts";
import { dictionary } from "../dictionary.ts";

export interface HubFlags extends CommonFlags {
  readonly listen: string | undefined;
}

const serveCommand = defineCommand<HubFlags>({
  help: {
    brief: "Run the hub: it takes the status of many hosts and answers who can do what",
    details: "Publishers send POST /openclaw/status; whoever looks for capacity asks GET /v1/instances. " +
      "On any address but loopback publishers need a key: see `barnacle hub keys --help`.",
    examples: [
      ["hub", "Listen on 127.0.0.1:7411"],
      ["hub --listen 0.0.0.0:7411 --dir /var/lib/barnacle-hub", "For other hosts, state in a directory of its own"],
    ],
  },
  parameters: {
    flags: {
      listen: textFlag("Listen here; port 0 takes a free one [default = 127.0.0.1:7411]", "HOST:PORT"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/hub.ts"),
});

export interface KeysListFlags extends CommonFlags {
  readonly json: boolean | undefined;
}

const nameParameter = {
  kind: "tuple",
  parameters: [{ parse: anyText, brief: "Name of the key, such as the host that will use it", placeholder: "NAME" }],
} as const;

const addKeyCommand = defineCommand<CommonFlags, [string]>({
  help: {
    brief: "Make a key and print it, this once",
    details: "The hub keeps only a hash of it. A running hub takes the new key within seconds.",
    examples: [
      ["hub keys add host-17", "A key for one host"],
      ["hub keys add host-17 > host-17.key", "Straight into a file: standard output carries the key alone"],
    ],
  },
  parameters: { flags: commonFlags(), positional: nameParameter },
  load: () => import("../actions/hub-keys-add.ts"),
});

const listKeysCommand = defineCommand<KeysListFlags>({
  help: {
    brief: "List the keys, those that are revoked too",
    examples: [["hub keys list", "Ids, names, and when they were made"], ["hub keys list --json", "For a script"]],
  },
  parameters: {
    flags: { json: switchFlag("Print JSON"), ...commonFlags() },
  },
  load: () => import("../actions/hub-keys-list.ts"),
});

const revokeKeyCommand = defineCommand<CommonFlags, [string]>({
  help: {
    brief: "Revoke a key by its id, or all keys of a name: whoever uses one is refused within seconds",
    examples: [["hub keys revoke host-17", "The host is lost or gone"]],
  },
  parameters: {
    flags: commonFlags(),
    positional: {
      kind: "tuple",
      parameters: [{ parse: anyText, brief: "As hub keys list shows it", placeholder: "ID-OR-NAME" }],
    },
  },
  load: () => import("../actions/hub-keys-revoke.ts"),
});

const keysRoutes = buildRouteMap<"add" | "list" | "revoke", Invocation>({
  routes: dictionary({ add: addKeyCommand, list: listKeysCommand, revoke: revokeKeyCommand }),
  docs: composeDocs({
    brief: "Make, list and revoke the keys of a hub's publishers",
    examples: [["hub keys add host-17", "A key for one host"], ["hub keys list", "What there is"]],
  }),
});

export const hubRoutes = buildRouteMap<"serve" | "keys", Invocation>({
  routes: dictionary({ serve: serveCommand, keys: keysRoutes }),
  defaultCommand: "serve",
  docs: { brief: "Run the hub, the receiving end of many hosts; keep its keys" },
});
