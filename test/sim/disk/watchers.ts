/** Who is told of changes on a simulated disk. @module */
import type { FileWatcher } from "../../../src/runtime/port.ts";
import { drawMs } from "../draw.ts";
import type { Resource, SimProcess } from "../process/sim-process.ts";
import type { SeededRandom } from "../random.ts";
import { directoryOf } from "./tree.ts";

/** Between a change and its report. */
const REPORT_MS = [1, 20] as const;

interface Watch {
  readonly path: string;
  readonly process: SimProcess;
  readonly onChange: () => void;
  isDue: boolean;
}

export class Watchers {
  readonly #random: SeededRandom;
  readonly #watches = new Set<Watch>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  add(process: SimProcess, path: string, onChange: () => void): FileWatcher {
    const watch: Watch = { path, process, onChange, isDue: false };
    const resource: Resource = { keepsAlive: true, drop: () => this.#watches.delete(watch) };
    if (process.isRunning) this.#watches.add(watch);
    process.own(resource);
    return {
      isSilent: false,
      close: () => {
        this.#watches.delete(watch);
        process.disown(resource);
      },
    };
  }

  /** Something at `path` changed. Changes close together are reported once; some not at all. */
  changed(path: string): void {
    if (this.#watches.size === 0) return;
    const directory = directoryOf(path);
    for (const watch of this.#watches) {
      if (watch.isDue || (watch.path !== path && watch.path !== directory)) continue;
      if (this.#random.chance(watch.process.host.world.faults.disk.watchMissRate)) continue;
      watch.isDue = true;
      watch.process.after(drawMs(this.#random, REPORT_MS), () => {
        watch.isDue = false;
        if (this.#watches.has(watch)) watch.onChange();
      }, false);
    }
  }
}
