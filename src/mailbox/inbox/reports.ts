/** What is said when the inbox file is not as we left it. @module */
import type { Logger } from "../../log/mod.ts";
import type { InboxLine } from "../types.ts";
import type { FileListener } from "./file-listener.ts";

/** Logs each event once it happens, and passes on what somebody must act on. */
export function createFileListener(
  log: Logger,
  file: string,
  act: { onFound(line: InboxLine): void; onChanged(): void },
): FileListener {
  return {
    onFound: (line) => act.onFound(line),
    onDeleted() {
      log.warn("inbox_deleted", { file, message: `${file} was deleted or emptied; the next message begins a new one` });
      act.onChanged();
    },
    onReplaced() {
      const message = `${file} was replaced or edited; messages go on at its end`;
      log.warn("inbox_replaced", { file, message });
      act.onChanged();
    },
    onDamaged(lines) {
      const message = `${lines} lines of ${file} cannot be read; they are left as they are`;
      log.warn("inbox_damaged", { file, lines, message });
    },
    onCut(bytes) {
      const message =
        `The last line of ${file} was not written in full, and nothing of it was acknowledged; it was cut off`;
      log.warn("inbox_repaired", { file, bytes, message });
    },
  };
}
