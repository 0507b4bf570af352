import { anyText, commonFlags, defineCommand, switchFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";
import { parseCount } from "../count.ts";

export interface SendFlags extends CommonFlags {
  readonly wait: boolean | undefined;
  readonly timeout: number | undefined;
}

export const sendCommand = defineCommand<SendFlags, [string, string?]>({
  help: {
    brief: "Send a message: append it to the outbox, from where the running agent takes it",
    details: "Without a MESSAGE, or with -, standard input is sent; one line end at its end is not. Standard output " +
      "carries the message's id alone. It works while no agent runs: the message waits in the outbox. Whom an " +
      "invitation names becomes a contact.\n\n" +
      "With --wait: exit code 0 once the recipient has it on disk, 1 when it failed for good or the agent rejected it, " +
      "6 when neither came to be in time; the message is tried on all the same.",
    examples: [
      ['send chimera "The data is ready"', "To a contact"],
      ["send chimera --wait --timeout 10 < report.txt", "A file, and wait until it is delivered"],
      ['send ed25519:… "Who are you?"', "To a node id"],
      ['send chimera/research "For you alone"', "To one of several agents under one identity"],
    ],
  },
  parameters: {
    flags: {
      wait: switchFlag("Wait until the message is delivered or has failed"),
      timeout: {
        kind: "parsed",
        parse: parseCount,
        optional: true,
        placeholder: "SECONDS",
        brief: "Wait no longer than this; implies --wait [default = 60]",
      },
      ...commonFlags(),
    },
    positional: {
      kind: "tuple",
      parameters: [
        {
          parse: anyText,
          brief: "A contact's name, a node id or an invitation; NAME/AGENT for one of several agents there",
          placeholder: "TO",
        },
        { parse: anyText, brief: "The text [default = standard input]", placeholder: "MESSAGE", optional: true },
      ],
    },
  },
  load: () => import("../actions/send.ts"),
});
