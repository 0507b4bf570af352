import type { OutboxFlags } from "../commands/outbox.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { contactNames } from "../mail/names.ts";
import { formatOutboxRows, readOutboxRows } from "../mail/outbox-view.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { safeJson, wantsColour } from "../terminal.ts";

export default async function outbox(this: Invocation, flags: OutboxFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardOutput } = runtime.process;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const names = await contactNames(runtime, loaded.directory);
  const { rows, hasMore } = await readOutboxRows(runtime, loaded.directory, flags, names);
  if (flags.json) {
    standardOutput.write(`${safeJson({ messages: rows.map(({ message }) => message), more: hasMore })}\n`);
  } else if (rows.length === 0) {
    standardOutput.write(flags.pending === true ? "no message is under way\n" : "no messages\n");
  } else {
    const table = formatOutboxRows(rows, {
      nowMs: runtime.clock.wallMs(),
      widthMax: standardOutput.columns,
      colour: wantsColour(standardOutput, runtime.process.environment()),
    });
    standardOutput.write(table + (hasMore ? "older ones are not shown; --limit N shows more\n" : ""));
  }
}
