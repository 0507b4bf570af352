/** The adapter for Bun, and so for the binary. @module */
import type { Runtime } from "../port.ts";
import { createClock } from "../shared/clock.ts";
import { createCrypto } from "../shared/crypto.ts";
import { createDatabases } from "../shared/database.ts";
import { createHost } from "../shared/host/mod.ts";
import { createNats } from "../shared/nats.ts";
import { createProcess } from "../shared/process.ts";
import { createRandom } from "../shared/random.ts";
import { bun } from "./bun.ts";
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
    // A tenth of the time of `node:crypto`, which is loaded for keys only.
    crypto: {
      ...createCrypto(),
      sha256: (data) => bun.SHA256.hash(data),
      hmacSha256: (key, data) => new bun.CryptoHasher("sha256", key).update(data).digest(),
    },
    files: createFiles(),
    network: createNetwork(),
    http: createHttp(),
    process: { ...createProcess(createOutputs()), expectLoad: () => bun.unsafe.setJITPolicy(1), returnMemory },
    databases: createDatabases(),
    nats: createNats(),
    host: createHost(),
  };
}
