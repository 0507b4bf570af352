import { acknowledge, followInbox, type InboxReading, readInbox } from "../../mailbox/commands.ts";
import { type InboxLine, mailDirectoryPath } from "../../mailbox/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import type { InboxFlags } from "../commands/inbox.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { formatInbox, formatMessage, type InboxViewInit } from "../mail/inbox-view.ts";
import { type KnownSenders, knownSenders } from "../mail/names.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { escapeText, safeJson, wantsColour } from "../terminal.ts";

export default async function inbox(this: Invocation, flags: InboxFlags): Promise<void> {
  const { runtime } = this.cli;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const directory = mailDirectoryPath(loaded.directory);
  const senders = await knownSenders(runtime, loaded);
  const reading = await readInbox(runtime.files, directory);
  if (reading.cursorProblem !== undefined) {
    runtime.process.standardError.write(`note: .moltcomm/inbox.cursor: ${escapeText(reading.cursorProblem)}\n`);
  }
  if (flags.follow) await follow(runtime, { directory, senders, reading, flags });
  else await showOnce(runtime, { directory, senders, reading, flags });
}

interface Showing {
  readonly directory: string;
  readonly senders: KnownSenders;
  readonly reading: InboxReading;
  readonly flags: InboxFlags;
}

async function showOnce(runtime: Runtime, showing: Showing): Promise<void> {
  const { senders, reading, flags } = showing;
  const { standardOutput } = runtime.process;
  if (flags.json) {
    // What is acknowledged before it is printed would be lost if the cursor could not be written after all.
    const cursor = await acknowledged(runtime, showing, reading.newest) ?? reading.cursor;
    standardOutput.write(`${safeJson({ ...readingJson(reading, senders), cursor })}\n`);
    return;
  }
  standardOutput.write(formatInbox(reading, viewOf(runtime, senders)));
  const cursor = await acknowledged(runtime, showing, reading.newest);
  if (cursor !== undefined) standardOutput.write(`\nread up to #${cursor}\n`);
  else if (reading.newest.length > 0) standardOutput.write("\nbarnacle inbox --ack marks them as read\n");
}

async function follow(runtime: Runtime, showing: Showing): Promise<void> {
  const { directory, senders, reading, flags } = showing;
  const { process } = runtime;
  const controller = new AbortController();
  const stops = (["SIGINT", "SIGTERM"] as const).map((signal) => process.onSignal(signal, () => controller.abort()));
  const show = async (lines: readonly InboxLine[]) => {
    for (const line of lines) {
      const text = flags.json
        ? `${safeJson(messageJson(line, senders), { onOneLine: true })}\n`
        : formatMessage(line, viewOf(runtime, senders));
      process.standardOutput.write(text);
    }
    await acknowledged(runtime, showing, lines);
  };
  try {
    if (flags.json) await show(reading.newest);
    else {
      process.standardOutput.write(formatInbox(reading, viewOf(runtime, senders)));
      await acknowledged(runtime, showing, reading.newest);
    }
    for await (const lines of followInbox(runtime, { directory, place: reading.place, signal: controller.signal })) {
      await show(lines);
    }
  } finally {
    stops.forEach((stop) => stop());
  }
}

/** Moves the cursor to the last one shown, if asked to. @returns where it is then */
async function acknowledged(
  runtime: Runtime,
  { directory, flags }: Showing,
  shown: readonly InboxLine[],
): Promise<number | undefined> {
  const last = shown.at(-1);
  return flags.ack === true && last !== undefined ? await acknowledge(runtime, directory, last.seq) : undefined;
}

function viewOf({ clock, process }: Runtime, senders: KnownSenders): InboxViewInit {
  const { standardOutput } = process;
  const colour = wantsColour(standardOutput, process.environment());
  return { nowMs: clock.wallMs(), senders, widthMax: standardOutput.columns, colour };
}

function senderJson(from: string, { names, ownNodeId }: KnownSenders) {
  return { from, from_name: names.get(from) ?? null, from_own_identity: from === ownNodeId };
}

function messageJson({ seq, received_ts, from, id, to, msg }: InboxLine, senders: KnownSenders) {
  return { seq, received_ts, ...senderJson(from, senders), id, to, msg };
}

function readingJson(reading: InboxReading, senders: KnownSenders) {
  return {
    cursor: reading.cursor,
    last_seq: reading.lastSeq,
    unread: reading.unread,
    messages: reading.newest.map((line) => messageJson(line, senders)),
    others: reading.others.map(({ from, count, lastSeq }) => ({
      ...senderJson(from, senders),
      count,
      last_seq: lastSeq,
    })),
    capped: reading.isCapped,
    damaged_lines: reading.damagedLines,
    cursor_problem: reading.cursorProblem ?? null,
  };
}
