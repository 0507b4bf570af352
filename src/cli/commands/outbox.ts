import { commonFlags, defineCommand, switchFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";
import { parseCount } from "../count.ts";

export interface OutboxFlags extends CommonFlags {
  readonly pending: boolean | undefined;
  readonly limit: number | undefined;
  readonly json: boolean | undefined;
}

export const outboxCommand = defineCommand<OutboxFlags>({
  help: {
    brief: "Show the messages sent from here and how far each is",
    details: "waiting: in the outbox, and no agent has taken it yet. accepted: on disk here, not tried yet. sent: " +
      "tried, no acknowledgement yet. kept: a relay keeps it for its recipient, which is away. delivered: on disk at " +
      "the recipient, by its own signed word. failed: given up, with the reason. Whether a message was read is known " +
      "at the recipient alone.\n\n" +
      'JSON: {"messages": [{"id", "to", "to_name", "msg", "state", "attempts", "accepted_ts", "settled_ts", ' +
      '"last_error", "kept": {"relay", "node_id", "since_ts"}}], "more"}, oldest first; times in Unix milliseconds, ' +
      "null for none; more: older ones were left out.",
    examples: [["outbox", "The newest 50"], ["outbox --pending", "What is not settled yet"], [
      "outbox --json --limit 1000",
      "For a script",
    ]],
  },
  parameters: {
    flags: {
      pending: switchFlag("Only what is neither delivered nor failed"),
      limit: {
        kind: "parsed",
        parse: parseCount,
        optional: true,
        placeholder: "N",
        brief: "The newest so many [default = 50]",
      },
      json: switchFlag("Print JSON"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/outbox.ts"),
});
