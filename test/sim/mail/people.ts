/**
 * Whoever reads the inbox and looks after the host: cursors that move, rubbish in them, an inbox that is deleted,
 * emptied, cut or replaced, a directory that cannot be written for a while.
 *
 * @module
 */
import { drawMs } from "../draw.ts";
import type { SeededRandom, SimHost } from "../mod.ts";
import { INBOX, MAIL_DIRECTORY } from "./inbox-ledger.ts";
import type { MailFleet } from "./mail-fleet.ts";
import type { MailHost } from "./record.ts";

const CURSOR = `${MAIL_DIRECTORY}/inbox.cursor`;
const READ_MS = [1_000, 15_000] as const;
const RUBBISH = ["", "twelve", "-3", "1e99", "NaN", "9007199254740993", "\uFEFF7\r\n", "4.5", '{"seq":3}', "\0\0\0"];
const READ_ONLY = 0o500;
const READ_ONLY_FILE = 0o400;

/** Reads to the end, and says so. */
export function readAll({ host, ledger }: MailHost, newline = "\n"): void {
  const last = ledger.current.at(-1);
  if (last !== undefined) host.disk.put(CURSOR, `${last.seq}${newline}`);
}

/** Reads now and then until it is told to stop. */
export function startReader(fleet: MailFleet, own: MailHost, isOver: () => boolean): void {
  const random = fleet.world.random.fork();
  const next = (): void => {
    if (isOver()) return;
    if (random.chance(0.7)) readAll(own, random.pick(["\n", "", "\r\n"]));
    fleet.world.after(drawMs(random, READ_MS), next);
  };
  fleet.world.after(drawMs(random, READ_MS), next);
}

/** Writes what is no cursor, or takes the file away. */
export function spoilCursor({ disk }: SimHost, random: SeededRandom): void {
  if (random.chance(0.2)) disk.remove(CURSOR);
  else disk.put(CURSOR, random.pick(RUBBISH));
}

/** Does something to an inbox that nobody should. */
export function spoilInbox({ host, ledger }: MailHost, random: SeededRandom): void {
  const { disk } = host;
  const text = disk.text(INBOX);
  if (text === undefined) return;
  ledger.taking();
  const lines = text.split("\n");
  const half = `${lines.slice(Math.floor(lines.length / 2)).join("\n")}`;
  switch (random.integer(0, 6)) {
    case 0:
    case 1:
      return disk.remove(INBOX);
    case 2:
      return disk.put(INBOX, "");
    case 3:
      return disk.replace(INBOX, text);
    case 4:
      return disk.replace(INBOX, half);
    case 5:
      return disk.put(INBOX, `${lines.slice(0, -1).join("\r\n")}\r\n`);
    default:
      return disk.replace(INBOX, "this is my inbox now\n");
  }
}

/** Nothing can be written there. @returns what ends it */
export function makeReadOnly({ disk }: SimHost, random: SeededRandom): () => void {
  const path = random.pick([MAIL_DIRECTORY, `${MAIL_DIRECTORY}/state`, INBOX, `${MAIL_DIRECTORY}/delivery.ndjson`]);
  const inode = disk.tree.look(path);
  if (inode === undefined) return () => undefined;
  const { mode } = inode;
  if (mode === READ_ONLY || mode === READ_ONLY_FILE) return () => undefined;
  inode.mode = inode.kind === "directory" ? READ_ONLY : READ_ONLY_FILE;
  return () => void (inode.mode = mode);
}
