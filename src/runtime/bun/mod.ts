/** The adapter for Bun, and so for the binary. @module */
import type { Runtime } from "../port.ts";
import { createClock } from "../shared/clock.ts";
import { createDatabases } from "../shared/database.ts";
import { createHost } from "../shared/host/mod.ts";
import { createNats } from "../shared/nats.ts";
import { createProcess } from "../shared/process.ts";
import { createRandom } from "../shared/random.ts";
import { bun, loadEngine } from "./bun.ts";
import { createCrypto } from "./crypto.ts";
import { createFiles } from "./files.ts";
import { createHttp } from "./http.ts";
import { returnMemory } from "./memory.ts";
import { createNetwork } from "./network.ts";
import { createOutputs } from "./output.ts";

/** The platform, as Bun offers it. */
export function createRuntime(): Runtime {
  return {
    name: "bun",
    version: bun.version,
    clock: createClock(),
    random: createRandom(),
    crypto: createCrypto(),
    files: createFiles(),
    network: createNetwork(),
    http: createHttp(),
    process: {
      ...createProcess(createOutputs()),
      expectLoad: () => bun.unsafe.setJITPolicy(1),
      // `Bun.gc` would drop compiled code as well, or only ask for a collection beside the one to come.
      collectGarbage: () => loadEngine().fullGC(),
      returnMemory,
    },
    databases: createDatabases(),
    nats: createNats(),
    host: createHost(),
  };
}
