import * as z from "zod/mini";
import { acknowledge, readInbox } from "../../mailbox/commands.ts";
import { mailDirectoryPath } from "../../mailbox/mod.ts";
import { usageError } from "../failure.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { defineTool } from "./tool.ts";

export const markRead = defineTool({
  name: "mark_read",
  title: "Mark messages as read",
  description: "Marks all messages up to a number as read, once they are dealt with. It never goes back.",
  input: z.strictObject({
    up_to: z.int().check(z.minimum(1), z.describe("The number (#) of the last message that was dealt with")),
  }),
  readOnly: false,
  async run({ runtime, loaded }, { up_to }) {
    await requireWorkDirectory(runtime.files, loaded.directory);
    const directory = mailDirectoryPath(loaded.directory);
    const { lastSeq } = await readInbox(runtime.files, directory, { newestMax: 0 });
    if (up_to > lastSeq) throw usageError("Mark as read", `#${up_to}`, `at most #${lastSeq}, the last message`);
    const cursor = await acknowledge(runtime, directory, up_to);
    return `read up to #${cursor} of #${lastSeq}\n`;
  },
});
