import { type DeliveryState, type DeliveryView, mailDirectoryPath, readDeliveries } from "../../mailbox/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import type { OutboxFlags } from "../commands/outbox.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { formatDuration } from "../duration.ts";
import { contactNames } from "../mail/names.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import type { OutboxLine } from "../mail/outbox-line.ts";
import { readWaiting } from "../mail/waiting.ts";
import { formatTable } from "../table.ts";
import { safeJson, type Tone, wantsColour } from "../terminal.ts";

const LIMIT_DEFAULT = 50;
/** So many messages are known to be taken; one of them is the last in the outbox that was, unless more came from elsewhere. */
const TAKEN_LATELY = 1_000;
const PENDING: readonly DeliveryState[] = ["accepted", "sent"];
/** Of a message's text as much as a table has room for. */
const TEXT_CHARACTERS_MAX = 200;

/** A message as it is printed; `waiting` comes before all states of the journal. */
interface Message {
  readonly id: string;
  readonly to: string;
  readonly to_name: string | null;
  readonly msg: string;
  readonly state: DeliveryState | "waiting";
  readonly attempts: number;
  readonly accepted_ts: number | null;
  readonly settled_ts: number | null;
  readonly last_error: string | null;
}

/** A message and since when it is there, in Unix milliseconds. */
interface Row {
  readonly message: Message;
  readonly sinceMs: number;
}

export default async function outbox(this: Invocation, flags: OutboxFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardOutput } = runtime.process;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const names = await contactNames(runtime, loaded.directory);
  const { rows, hasMore } = await readRows(runtime, mailDirectoryPath(loaded.directory), flags, names);
  if (flags.json) {
    standardOutput.write(`${safeJson({ messages: rows.map(({ message }) => message), more: hasMore })}\n`);
  } else if (rows.length === 0) {
    standardOutput.write(flags.pending === true ? "no message is under way\n" : "no messages\n");
  } else {standardOutput.write(
      formatRows(runtime, rows) + (hasMore ? "older ones are not shown; --limit N shows more\n" : ""),
    );}
}

async function readRows(
  { files }: Runtime,
  directory: string,
  flags: OutboxFlags,
  names: ReadonlyMap<string, string>,
): Promise<{ readonly rows: readonly Row[]; readonly hasMore: boolean }> {
  const limit = flags.limit ?? LIMIT_DEFAULT;
  const newest = await readDeliveries(files, directory, { newestMax: Math.max(limit, TAKEN_LATELY) });
  const waiting = await readWaiting(files, directory, new Set(newest.deliveries.map(({ id }) => id)));
  const { deliveries, hasMore } = flags.pending === true
    ? await readDeliveries(files, directory, { newestMax: limit, states: PENDING })
    : newest;
  const rows = [...deliveries.map((view) => rowOf(view, names)), ...waiting.map((line) => waitingRow(line, names))];
  const shown = limit === 0 ? [] : rows.slice(-limit);
  return { rows: shown, hasMore: hasMore || shown.length < rows.length };
}

function rowOf(view: DeliveryView, names: ReadonlyMap<string, string>): Row {
  const message = {
    id: view.id,
    to: view.to,
    to_name: names.get(view.to) ?? null,
    msg: view.msg,
    state: view.state,
    attempts: view.attempts,
    accepted_ts: view.acceptedAtMs,
    settled_ts: view.settledAtMs,
    last_error: view.lastError,
  };
  return { message, sinceMs: view.acceptedAtMs };
}

function waitingRow({ id, to, msg, created_ts }: OutboxLine, names: ReadonlyMap<string, string>): Row {
  const settled = { accepted_ts: null, settled_ts: null, last_error: null };
  return {
    message: { id, to, to_name: names.get(to) ?? null, msg, state: "waiting", attempts: 0, ...settled },
    sinceMs: created_ts,
  };
}

const TONES: Readonly<Record<Message["state"], Tone>> = {
  waiting: "warning",
  accepted: "warning",
  sent: "warning",
  delivered: "good",
  failed: "bad",
};

function formatRows({ clock, process }: Runtime, rows: readonly Row[]): string {
  const nowMs = clock.wallMs();
  return formatTable({
    columns: [
      { title: "AGE", align: "right" },
      { title: "TO", widthMin: 12 },
      { title: "STATE" },
      { title: "TRIES", align: "right" },
      { title: "TEXT", widthMin: 12 },
      { title: "LAST ERROR", widthMin: 10 },
    ],
    rows: rows.map(({ message, sinceMs }) => [
      formatDuration((nowMs - sinceMs) / 1_000),
      message.to_name ?? message.to,
      { text: message.state, tone: TONES[message.state] },
      String(message.attempts),
      message.msg.slice(0, TEXT_CHARACTERS_MAX).replaceAll(/\s+/g, " "),
      message.state === "delivered" ? "" : message.last_error ?? "",
    ]),
    widthMax: process.standardOutput.columns,
    colour: wantsColour(process.standardOutput, process.environment()),
  });
}
