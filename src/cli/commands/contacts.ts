import { buildRouteMap } from "@stricli/core";
import { anyText, commonFlags, composeDocs, defineCommand, switchFlag, textFlag, textsFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";
import type { Invocation } from "../context.ts";
import { dictionary } from "../dictionary.ts";

const who = { parse: anyText, placeholder: "NAME", brief: "Name or node id of a contact" } as const;

export interface ContactsAddFlags extends CommonFlags {
  readonly name: string | undefined;
  readonly address: readonly string[] | undefined;
}

const addCommand = defineCommand<ContactsAddFlags, [string]>({
  help: {
    brief: "Add a contact, from an invitation or a node id",
    details:
      "An invitation brings name, node id and addresses. Compare the fingerprint with what barnacle id shows on " +
      "the other host, over a channel you trust. Adding a contact again under the same name brings its " +
      "addresses up to date.",
    examples: [
      [
        "contacts add moltcomm:YpRmsCeCkpueDKhzWb8ZYWJ9SEoqhePxbNj7VJLXoI8+name=Chimera+addr=tcp://203.0.113.10:9001",
        "As sent",
      ],
      ["contacts add --name chimera moltcomm:…", "Under a name of your own"],
      ["contacts add --name chimera --address tcp://203.0.113.10:9001 ed25519:…", "From its parts"],
    ],
  },
  parameters: {
    flags: {
      name: textFlag("What this host calls it [default = the name in the invitation]", "NAME"),
      address: textsFlag("Where it is reached; may be repeated [default = the addresses in the invitation]", "ADDRESS"),
      ...commonFlags(),
    },
    positional: {
      kind: "tuple",
      parameters: [{ parse: anyText, brief: "An invitation, or a node id", placeholder: "INVITATION" }],
    },
  },
  load: () => import("../actions/contacts-add.ts"),
});

export interface ContactsListFlags extends CommonFlags {
  readonly json: boolean | undefined;
}

const listCommand = defineCommand<ContactsListFlags>({
  help: {
    brief: "List the contacts, with the fingerprint of each",
    details:
      'JSON: {"contacts": [{"name", "node_id", "fingerprint", "addresses", "blocked", "sealing", "added_ts"}]}; ' +
      'added_ts in Unix milliseconds, or null. sealing: "sealed" where nothing goes in plain, "plain" where sealed messages ' +
      'were never announced, "unsealed" where plain ones were allowed since.',
    examples: [["contacts list", "As a table"], ["contacts list --json", "For a script"]],
  },
  parameters: { flags: { json: switchFlag("Print JSON"), ...commonFlags() } },
  load: () => import("../actions/contacts-list.ts"),
});

function changeCommand(change: "block" | "unblock" | "unseal" | "seal" | "remove", brief: string, purpose: string) {
  return defineCommand<CommonFlags, [string]>({
    help: { brief, examples: [[`contacts ${change} chimera`, purpose]] },
    parameters: {
      flags: commonFlags(),
      positional: { kind: "tuple", parameters: [who] },
    },
    load: async () => (await import("../actions/contacts-change.ts")).changes[change],
  });
}

const renameCommand = defineCommand<CommonFlags, [string, string]>({
  help: {
    brief: "Give a contact another name",
    examples: [["contacts rename chimera garden", "It is called garden from now on"]],
  },
  parameters: {
    flags: commonFlags(),
    positional: {
      kind: "tuple",
      parameters: [
        who,
        { parse: anyText, placeholder: "NEW-NAME", brief: "What it is called from now on" },
      ],
    },
  },
  load: () => import("../actions/contacts-rename.ts"),
});

export const contactsRoutes = buildRouteMap<
  "add" | "list" | "block" | "unblock" | "unseal" | "seal" | "rename" | "remove",
  Invocation
>({
  routes: dictionary({
    add: addCommand,
    list: listCommand,
    block: changeCommand(
      "block",
      "Turn away the messages of a contact, or of any node id",
      "Its messages are refused from now on",
    ),
    unblock: changeCommand(
      "unblock",
      "Admit the messages of a blocked contact again",
      "Its messages are welcome again",
    ),
    unseal: changeCommand(
      "unseal",
      "Allow plain messages to a node that took sealed ones before, until it takes sealed ones again",
      "What waited for it goes out in plain",
    ),
    seal: changeCommand(
      "seal",
      "Take that back: only sealed messages go to the contact again",
      "Nothing goes to it in plain any more",
    ),
    rename: renameCommand,
    remove: changeCommand(
      "remove",
      "Forget a contact; one that was blocked is a stranger again",
      "It is a stranger from now on",
    ),
  }),
  docs: composeDocs({
    brief: "Keep the names and addresses of others; block some",
    details: "A running agent takes changes within seconds.",
    examples: [["contacts add moltcomm:…", "Somebody sent you an invitation"], [
      "contacts list",
      "Whom this host knows",
    ]],
  }),
});
