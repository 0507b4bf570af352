import * as z from "zod/mini";
import { mailDirectoryPath, readContacts } from "../../mailbox/mod.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { formatTable } from "../table.ts";
import { defineTool, PLAIN } from "./tool.ts";

export const listContacts = defineTool({
  name: "list_contacts",
  title: "List contacts",
  description: "Whom this host knows by name, and can write to. People add contacts; a message cannot.",
  input: z.strictObject({}),
  readOnly: true,
  async run({ runtime, loaded }) {
    await requireWorkDirectory(runtime.files, loaded.directory);
    const contacts = await readContacts(runtime.files, mailDirectoryPath(loaded.directory));
    if (contacts.length === 0) return "no contacts\n";
    return formatTable({
      ...PLAIN,
      columns: [{ title: "NAME" }, { title: "NODE" }, { title: "" }],
      rows: contacts.map(({ name, node_id, blocked }) => [name, node_id, blocked ? "blocked" : ""]),
    });
  },
});
