import * as z from "zod/mini";
import { usageError } from "../failure.ts";
import { contactNames } from "../mail/names.ts";
import { formatOutboxRows, readOutboxRows } from "../mail/outbox-view.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { defineTool, PLAIN } from "./tool.ts";

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 1_000;

export const deliveryState = defineTool({
  name: "delivery_state",
  title: "See what became of sent messages",
  description:
    "The messages sent from here and how far each is: waiting, accepted, sent, kept (by a relay, while the recipient is " +
    "away), delivered (on the recipient's disk), or failed with the reason. Whether a message was read is known only to " +
    "its recipient.",
  input: z.strictObject({
    id: z.optional(z.string().check(z.maxLength(128), z.describe("Only this message, as send_message named it"))),
    pending: z.optional(z.boolean().check(z.describe("Only those that are neither delivered nor failed"))),
    limit: z.optional(
      z.int().check(z.minimum(1), z.maximum(LIMIT_MAX), z.describe(`How many; default ${LIMIT_DEFAULT}`)),
    ),
  }),
  readOnly: true,
  async run({ runtime, loaded }, { id, pending, limit }) {
    await requireWorkDirectory(runtime.files, loaded.directory);
    const names = await contactNames(runtime, loaded.directory);
    const wanted = id === undefined ? limit ?? LIMIT_DEFAULT : LIMIT_MAX;
    const { rows, hasMore } = await readOutboxRows(runtime, loaded.directory, { limit: wanted, pending }, names);
    const shown = id === undefined ? rows : rows.filter(({ message }) => message.id === id.toLowerCase());
    if (id !== undefined && shown.length === 0) {
      throw usageError("Find the message", JSON.stringify(id), `the id of one of the last ${LIMIT_MAX} messages`);
    }
    if (shown.length === 0) return pending === true ? "no message is under way\n" : "no messages\n";
    const table = formatOutboxRows(shown, { ...PLAIN, nowMs: runtime.clock.wallMs() });
    return hasMore && id === undefined ? `${table}older ones are not shown\n` : table;
  },
});
