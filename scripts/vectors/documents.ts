/** Every file of vectors that is made, by its name under docs/vectors. */
import { formsDocument } from "./forms.ts";
import { framesDocument } from "./frames.ts";
import { keysDocument } from "./keys.ts";
import { limitsDocument, messagesDocument, recordsDocument } from "./messages.ts";
import { refusedDocument } from "./refused.ts";
import { sealingDocument } from "./sealing.ts";

export async function vectorDocuments(): Promise<Readonly<Record<string, string>>> {
  const documents = {
    "keys.json": keysDocument(),
    "frames.json": framesDocument(),
    "messages.json": messagesDocument(),
    "records.json": recordsDocument(),
    "forms.json": formsDocument(),
    "limits.json": limitsDocument(),
    "refused.json": refusedDocument(),
    "sealing.json": await sealingDocument(),
  };
  return Object.fromEntries(
    Object.entries(documents).map(([name, document]) => [name, `${JSON.stringify(document, undefined, 2)}\n`]),
  );
}
