/** What bounds mail, measured with `baselines/mail.ts`: cryptography, data sync, round trip. */
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync, statfsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { median } from "./figures.ts";
import { frameBytes, inboxLineBytes } from "./mail-sizes.ts";

/** Source: magic numbers of Linux's file systems. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x01021994: "tmpfs",
};

/** The file system on which everything is measured; a sync on tmpfs costs nothing and says nothing. */
export function describeFileSystem(folder: string): string {
  const { type } = statfsSync(folder);
  const name = FILE_SYSTEMS[type] ?? `type 0x${type.toString(16)}`;
  return name === "tmpfs" ? "tmpfs, WHICH SYNCS NOTHING: set TMPDIR to a folder on a disk" : name;
}

/** What the cryptography of messages allows. */
export interface CryptoBound {
  readonly messagesPerSecond: number;
  /** Processor time of one message's two signatures and two verifications. */
  readonly processorUs: number;
  /** How much of the cores its processes got: near 1, or others used the machine, and a rate measured meanwhile says little. */
  readonly share: number;
}

/** Below this share of the cores, figures of different moments are not compared. */
export const SHARE_MIN = 0.9;

export class MailFloor {
  readonly #words: readonly string[];
  readonly #folder: string;

  /** @param words how the baseline is run @param folder on the file system whose syncs are meant */
  constructor(words: readonly string[], folder: string) {
    this.#words = words;
    this.#folder = folder;
  }

  /** What this machine does with all its cores at work. */
  async crypto(durationMs: number): Promise<CryptoBound> {
    const all = await Promise.all(cpus().map(() => this.#ask<CryptoBound>("crypto", durationMs)));
    const messagesPerSecond = all.reduce((sum, one) => sum + one.messagesPerSecond, 0);
    const processorUs = median(all.map((one) => one.processorUs));
    return { messagesPerSecond, processorUs, share: (messagesPerSecond * processorUs) / (cpus().length * 1e6) };
  }

  /** The processor time of one message's cryptography, the other cores at rest, in milliseconds: waiting for a core is not in it. */
  async cryptoMs(durationMs: number): Promise<number> {
    return (await this.#ask<{ processorUs: number }>("crypto", durationMs)).processorUs / 1_000;
  }

  /** One append of an inbox line with its data sync, the median, in milliseconds. */
  async syncMs(durationMs: number): Promise<number> {
    const file = join(this.#folder, "sync.bin");
    const { timesMs } = await this.#ask<{ timesMs: number[] }>("sync", file, inboxLineBytes(), durationMs);
    rmSync(file);
    return median(timesMs);
  }

  /** One round trip between two processes over loopback, a message there and an acknowledgement back, the median, in milliseconds. */
  async tripMs(durationMs: number): Promise<number> {
    const bytes = frameBytes();
    const echo = this.#spawn("echo", bytes.direct, bytes.ack);
    try {
      const { port } = await firstLine<{ port: number }>(echo);
      const { timesMs } = await this.#ask<{ timesMs: number[] }>("trip", port, bytes.direct, bytes.ack, durationMs);
      return median(timesMs);
    } finally {
      echo.kill("SIGKILL");
    }
  }

  async #ask<Result>(...words: readonly (string | number)[]): Promise<Result> {
    return await firstLine<Result>(this.#spawn(...words));
  }

  #spawn(...words: readonly (string | number)[]): ChildProcess {
    const [program = "", ...before] = this.#words;
    return spawn(program, [...before, ...words.map(String)], { stdio: ["ignore", "pipe", "inherit"] });
  }
}

function firstLine<Result>(child: ChildProcess): Promise<Result> {
  return new Promise((done, fail) => {
    let text = "";
    child.on("error", fail);
    child.on(
      "close",
      (code) => fail(new Error(`Bench: the mail baseline ended with ${code}, and said ${JSON.stringify(text)}`)),
    );
    child.stdout?.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      if (text.includes("\n")) done(JSON.parse(text) as Result);
    });
  });
}
