/**
 * The messages on their way out as people, programs and language models are shown them.
 *
 * @module
 */
import { readDeliveries } from "../../mailbox/commands.ts";
import { type DeliveryState, type DeliveryView, mailDirectoryPath, recipientOf } from "../../mailbox/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { formatDuration } from "../duration.ts";
import { formatTable } from "../table.ts";
import type { Tone } from "../terminal.ts";
import type { OutboxLine } from "./outbox-line.ts";
import { readWaiting } from "./waiting.ts";

const LIMIT_DEFAULT = 50;
/** So many messages are known to be taken; one of them is the last in the outbox that was, unless more came from elsewhere. */
const TAKEN_LATELY = 1_000;
const PENDING: readonly DeliveryState[] = ["accepted", "sent", "kept"];
/** Of a message's text as much as a table has room for. */
const TEXT_CHARACTERS_MAX = 200;

/** A message as it is shown; `waiting` comes before all states of the journal. */
export interface OutboxMessage {
  readonly id: string;
  readonly to: string;
  readonly to_name: string | null;
  readonly msg: string;
  readonly state: DeliveryState | "waiting";
  readonly attempts: number;
  readonly accepted_ts: number | null;
  readonly settled_ts: number | null;
  readonly last_error: string | null;
  /** The relay that keeps it for its recipient, which is away, and since when; `null` while none does. */
  readonly kept: { readonly relay: string; readonly node_id: string; readonly since_ts: number } | null;
}

/** How to show them. */
export interface OutboxViewInit {
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** Columns of the terminal; `undefined` when it is none. */
  readonly widthMax: number | undefined;
  readonly colour: boolean;
}

/** A message and since when it is there, in Unix milliseconds. */
export interface OutboxRow {
  readonly message: OutboxMessage;
  readonly sinceMs: number;
}

/**
 * The newest messages, oldest first.
 *
 * @param workDirectory where `.moltcomm` is
 * @param init.pending only those that are neither delivered nor failed
 * @throws `PERMISSION_DENIED`, `IO_ERROR`
 */
export async function readOutboxRows(
  { files }: Pick<Runtime, "files">,
  workDirectory: string,
  init: { readonly limit: number | undefined; readonly pending: boolean | undefined },
  names: ReadonlyMap<string, string>,
): Promise<{ readonly rows: readonly OutboxRow[]; readonly hasMore: boolean }> {
  const directory = mailDirectoryPath(workDirectory);
  const limit = init.limit ?? LIMIT_DEFAULT;
  const newest = await readDeliveries(files, directory, { newestMax: Math.max(limit, TAKEN_LATELY) });
  const waiting = await readWaiting(files, directory, new Set(newest.deliveries.map(({ id }) => id)));
  const { deliveries, hasMore } = init.pending === true
    ? await readDeliveries(files, directory, { newestMax: limit, states: PENDING })
    : newest;
  const rows = [...deliveries.map((view) => rowOf(view, names)), ...waiting.map((line) => waitingRow(line, names))];
  const shown = limit === 0 ? [] : rows.slice(-limit);
  return { rows: shown, hasMore: hasMore || shown.length < rows.length };
}

function rowOf(view: DeliveryView, names: ReadonlyMap<string, string>): OutboxRow {
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
    kept: view.kept === null ? null : {
      relay: view.kept.keeper.address,
      node_id: view.kept.keeper.nodeId,
      since_ts: view.kept.sinceMs,
    },
  };
  return { message, sinceMs: view.acceptedAtMs };
}

function waitingRow({ id, to, msg, created_ts }: OutboxLine, names: ReadonlyMap<string, string>): OutboxRow {
  const settled = { accepted_ts: null, settled_ts: null, last_error: null, kept: null };
  return {
    message: {
      id,
      to,
      to_name: names.get(recipientOf(to).name) ?? null,
      msg,
      state: "waiting",
      attempts: 0,
      ...settled,
    },
    sinceMs: created_ts,
  };
}

const TONES: Readonly<Record<OutboxMessage["state"], Tone>> = {
  waiting: "warning",
  accepted: "warning",
  sent: "warning",
  kept: "warning",
  delivered: "good",
  failed: "bad",
};

function keptSince({ kept }: OutboxMessage, nowMs: number): string | undefined {
  if (kept === null) return undefined;
  return `by ${kept.relay} for ${formatDuration((nowMs - kept.since_ts) / 1_000)}; its recipient is away`;
}

/** As a table. */
export function formatOutboxRows(rows: readonly OutboxRow[], view: OutboxViewInit): string {
  return formatTable({
    columns: [
      { title: "AGE", align: "right" },
      { title: "TO", widthMin: 12 },
      { title: "STATE" },
      { title: "TRIES", align: "right" },
      { title: "TEXT", widthMin: 12 },
      { title: "REASON", widthMin: 10 },
    ],
    rows: rows.map(({ message, sinceMs }) => [
      formatDuration((view.nowMs - sinceMs) / 1_000),
      message.to_name ?? message.to,
      { text: message.state, tone: TONES[message.state] },
      String(message.attempts),
      message.msg.slice(0, TEXT_CHARACTERS_MAX).replaceAll(/\s+/g, " "),
      message.state === "delivered" ? "" : keptSince(message, view.nowMs) ?? message.last_error ?? "",
    ]),
    widthMax: view.widthMax,
    colour: view.colour,
  });
}
