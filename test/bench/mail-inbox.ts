/** Opening a long inbox: what the length of the file and the memory of delivered messages cost at the start. */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CHECKPOINT_LINES, PROOF_BYTES } from "../../src/mailbox/inbox/limits.ts";
import { inboxPaths } from "../../src/mailbox/inbox/paths.ts";
import { MailSide } from "./mail-side.ts";
import { ProcessorMeter, readMemory } from "./process-counters.ts";
import { compare, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const REMEMBERED = 1_000_000;
const DIGEST_BYTES = 16;
const UNREAD = 1_000;
const CHUNK_LINES = 50_000;
const BYTES_A_LINE_MAX = 200;
const SETTLE_MS = 1_500;
const TS = 1_767_225_600_000;

interface Fixture {
  readonly offset: number;
  readonly seq: number;
  readonly proof: string;
}

export async function benchInbox(workshop: Workshop): Promise<Section> {
  const lines = workshop.quick ? 1_000_000 : 10_000_000;
  const rounds = workshop.quick ? 1 : 5;
  const section = {
    name: "mail-inbox",
    title: "Mail: opening a long inbox",
    method:
      `An inbox of ${lines.toLocaleString("en-US")} lines and ${REMEMBERED.toLocaleString("en-US")} remembered ids, ` +
      `left as after a crash: its state is ${
        CHECKPOINT_LINES.toLocaleString("en-US")
      } lines behind, the most there can be. Its pages were ` +
      `dropped from the cache before each of ${rounds} starts, from before the process is made until it says that it listens for mail; ` +
      "resident memory 1.5 s later. The baseline is the same agent with an empty mailbox.",
  };
  const folder = workshop.spot("mail").folder;
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < 2 * lines * BYTES_A_LINE_MAX) {
    return {
      ...section,
      table: [["", ""], ["not measured", `less than ${(2 * lines * BYTES_A_LINE_MAX) / 1e9} GB free in ${folder}`]],
    };
  }
  progress(`mail: writing an inbox of ${lines} lines`);
  const words = [workshop.binary];
  const [long, empty] = [
    await MailSide.make({ words, folder: join(folder, "long") }),
    await MailSide.make({ words, folder: join(folder, "empty") }),
  ];
  try {
    const fixture = writeFixture(long, lines);
    progress(`mail: ${rounds} starts of each`);
    const [ours, theirs]: [Opening[], Opening[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      const [opened, plain] = [await open(long, () => resetState(long, fixture)), await open(empty, () => undefined)];
      // The first round reads the binary into the page cache.
      if (round === 0) continue;
      ours.push(opened);
      theirs.push(plain);
    }
    const pick = (name: keyof Opening) => ({
      ours: ours.map((one) => one[name]),
      baseline: theirs.map((one) => one[name]),
    });
    return {
      ...section,
      table: compare("empty mailbox", [
        { what: "start until it listens for mail, ms", ...pick("startedInMs"), floor: { of: "value", atMost: 1_000 } },
        { what: "of it opening the inbox, ms", ...pick("openedInMs"), compared: false },
        { what: "processor time until then, ms", ...pick("processorMs") },
        { what: "resident memory, MiB", ...pick("residentMib"), floor: { of: "value", atMost: 150 } },
      ]),
    };
  } finally {
    for (const side of [long, empty]) rmSync(side.folder, { recursive: true });
  }
}

interface Opening {
  readonly startedInMs: number;
  readonly openedInMs: number;
  readonly processorMs: number;
  readonly residentMib: number;
}

async function open(side: MailSide, prepare: () => void): Promise<Opening> {
  prepare();
  await side.start();
  const processorMs = new ProcessorMeter(side.pid).sampleMs();
  await pause(SETTLE_MS);
  const { residentMib } = readMemory(side.pid);
  const opened = side.event("inbox_opened");
  await side.stop("SIGKILL");
  return {
    startedInMs: side.startedInMs,
    processorMs,
    openedInMs: Number(opened?.["duration_ms"] ?? Number.NaN),
    residentMib,
  };
}

function writeFixture(side: MailSide, lines: number): Fixture {
  const paths = inboxPaths(side.mailFolder);
  const from = `ed25519:${"A".repeat(43)}`;
  const file = openSync(paths.inbox, "w+");
  let [bytes, offset] = [0, 0];
  const seq = lines - CHECKPOINT_LINES;
  for (let first = 1; first <= lines;) {
    // A chunk ends where the state ends.
    const last = Math.min(first + CHUNK_LINES - 1, first <= seq ? seq : lines);
    const text: string[] = [];
    for (let line = first; line <= last; line++) {
      text.push(
        `{"seq":${line},"received_ts":${TS},"from":"${from}","id":"b${line}","to":"${side.nodeId}","msg":"x"}\n`,
      );
    }
    bytes += writeSync(file, text.join(""), null, "latin1");
    if (last === seq) offset = bytes;
    first = last + 1;
  }
  const proof = Buffer.alloc(PROOF_BYTES);
  readSync(file, proof, 0, PROOF_BYTES, offset - PROOF_BYTES);
  closeSync(file);
  mkdirSync(paths.remembered, { recursive: true, mode: 0o700 });
  writeFileSync(join(paths.remembered, "1.bin"), randomBytes(REMEMBERED * DIGEST_BYTES), { mode: 0o600 });
  writeFileSync(paths.cursor, `${lines - UNREAD}\n`);
  return { offset, seq, proof: createHash("sha256").update(proof).digest("hex") };
}

/** The state that an earlier start may have brought up to date, and nothing of its files in the page cache. */
function resetState(side: MailSide, { offset, seq, proof }: Fixture): void {
  const paths = inboxPaths(side.mailFolder);
  const state = {
    version: 1,
    offset,
    seq,
    floor_seq: 0,
    proof,
    reserved_seq: seq + CHECKPOINT_LINES * 2,
    age_ms: 3_600_000,
    saved_at_ms: Date.now(),
    segments: [{ number: 1, opened_age_ms: 0, bytes: REMEMBERED * DIGEST_BYTES }],
  };
  mkdirSync(dirname(paths.stateFile), { recursive: true });
  writeFileSync(paths.stateFile, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  for (const file of [paths.inbox, join(paths.remembered, "1.bin")]) {
    execFileSync("dd", [`of=${file}`, "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
}
