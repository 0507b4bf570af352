/** The adapter for Deno. @module */
import type { Runtime } from "../port.ts";
import { createClock } from "../shared/clock.ts";
import { createCrypto } from "../shared/crypto.ts";
import { createDatabases } from "../shared/database.ts";
import { createHost } from "../shared/host/mod.ts";
import { serveByNode } from "../shared/http-server.ts";
import { createNats } from "../shared/nats.ts";
import { createProcess } from "../shared/process.ts";
import { createRandom } from "../shared/random.ts";
import { deno } from "./deno.ts";
import { createFiles } from "./files.ts";
import { createHttpClient } from "./http-client.ts";
import { createNetwork } from "./network.ts";
import { createOutputs } from "./output.ts";

/** The platform, as Deno offers it. */
export function createRuntime(): Runtime {
  return {
    name: "deno",
    version: deno.version.deno,
    clock: createClock(),
    random: createRandom(),
    crypto: createCrypto(),
    files: createFiles(),
    network: createNetwork(),
    http: { serve: serveByNode, client: createHttpClient },
    process: createProcess(createOutputs()),
    databases: createDatabases(),
    nats: createNats(),
    host: createHost(),
  };
}
