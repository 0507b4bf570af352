/** The adapter for Node. @module */
import type { Runtime } from "../port.ts";
import { createClock } from "../shared/clock.ts";
import { createCrypto } from "../shared/crypto.ts";
import { createDatabases } from "../shared/database.ts";
import { createFiles } from "../shared/files.ts";
import { createHost } from "../shared/host/mod.ts";
import { serveByNode } from "../shared/http-server.ts";
import { createNats } from "../shared/nats.ts";
import { createProcess } from "../shared/process.ts";
import { createRandom } from "../shared/random.ts";
import { createHttpClient } from "./http-client.ts";
import { createNetwork } from "./network.ts";

/** The platform, as Node offers it. */
export function createRuntime(): Runtime {
  return {
    name: "node",
    version: process.versions.node,
    clock: createClock(),
    random: createRandom(),
    crypto: createCrypto(),
    files: createFiles(),
    network: createNetwork(),
    http: { serve: serveByNode, client: createHttpClient },
    process: createProcess(),
    databases: createDatabases(),
    nats: createNats(),
    host: createHost(),
  };
}
