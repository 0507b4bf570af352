/** The load of the relay's bench: `relay-load.c` where there is a C compiler, else the same in Bun, which then weighs in itself. */
import { execFile, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { directFrame, helloFrame, makeSigner } from "./mail-stranger.ts";
import { ProcessorMeter } from "./process-counters.ts";
import { ROOT } from "./workshop.ts";

/** Of one frame on the wire, its length among them. */
export const FRAME_BYTES = 500;
const SILENCE_MS = 30_000;

export type LoadMode = "relay" | "nats" | "mqtt" | "direct";

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** With what it cost the process that hands on. */
export interface Measured extends LoadResult {
  /** Processor time of all threads for one frame: other work on the machine changes it less than it changes a rate. */
  readonly usPerFrame: number;
}

export interface LoadInit {
  readonly mode: LoadMode;
  readonly port: number;
  readonly inFlight: number;
  readonly seconds: number;
  /** The relay's node id. */
  readonly relayId?: string;
}

/** Before the seconds that are measured, the load runs so long unmeasured. */
const WARM_UP_SECONDS = 1;

export class RelayLoad {
  readonly #folder: string;
  readonly #words: readonly string[];
  /** What it is written in. */
  readonly language: "C" | "Bun";

  /** @param folder for what it compiles and what it sends */
  constructor(folder: string) {
    this.#folder = folder;
    const program = join(folder, "relay-load");
    const source = join(import.meta.dirname, "relay-load.c");
    const compiled = spawnSync("gcc", ["-O2", "-D_GNU_SOURCE", "-o", program, source], { stdio: "ignore" });
    this.language = compiled.status === 0 ? "C" : "Bun";
    this.#words = compiled.status === 0
      ? [program]
      : [join(ROOT, "node_modules", ".bin", "bun"), join(import.meta.dirname, "relay-load-process.ts")];
  }

  /** As `run`, with the processor time of a process. What greeting and warming up took is spread over their frames. */
  async measure(init: LoadInit, pid: number): Promise<Measured> {
    const meter = new ProcessorMeter(pid);
    meter.reset();
    const result = await this.run(init);
    const frames = result.perSecond * (init.seconds + WARM_UP_SECONDS);
    return { ...result, usPerFrame: (meter.sampleMs() * 1_000) / frames };
  }

  /** @throws Error with the load's own words when nothing gets through */
  async run({ mode, port, inFlight, seconds, relayId = "" }: LoadInit): Promise<LoadResult> {
    const [sender, receiver] = [makeSigner(), makeSigner()];
    const address = `relay://127.0.0.1:${port}`;
    const bare = directFrame(sender, { to: receiver.nodeId, id: randomUUID(), msg: "" });
    const msg = "x".repeat(FRAME_BYTES - bare.length);
    const files = {
      frame: directFrame(sender, { to: receiver.nodeId, id: randomUUID(), msg }),
      sender: helloFrame(sender, { to: relayId, address }),
      receiver: helloFrame(receiver, { to: relayId, address }),
    };
    const names = Object.entries(files).map(([name, bytes]) => {
      const file = join(this.#folder, `${name}.bin`);
      writeFileSync(file, bytes);
      return file;
    });
    const [program = "", ...words] = this.#words;
    const given = [...words, mode, String(port), String(inFlight), String(seconds), ...names];
    const { stdout } = await promisify(execFile)(program, given, { timeout: seconds * 1_000 + SILENCE_MS });
    return JSON.parse(stdout) as LoadResult;
  }
}
