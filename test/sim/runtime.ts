/** The whole port for one simulated process. @module */
import { BarnacleError } from "../../src/errors.ts";
import type { Nats, Runtime } from "../../src/runtime/port.ts";
import { createSimCrypto } from "./crypto.ts";
import { createDatabasesPort } from "./disk/databases-port.ts";
import { SimFiles } from "./disk/files-port.ts";
import { createHttpPort } from "./http/http-port.ts";
import { createNetworkPort } from "./network/network-port.ts";
import { createClockPort } from "./process/clock-port.ts";
import { createHostPort } from "./process/host-port.ts";
import { createProcessPort } from "./process/process-port.ts";
import type { SimProcess } from "./process/sim-process.ts";

/** Of the simulation; it stands where the real adapters give their runtime's. */
const VERSION = "1.0.0";

/** Not covered: there are no NATS servers in a simulated world, so no connection ever comes about. */
const NO_NATS: Nats = {
  connect: () => {
    const refuse = () => Promise.reject(new BarnacleError({ code: "UNAVAILABLE", action: "Ask a NATS server" }));
    return {
      isConnected: false,
      request: refuse,
      requestMany: refuse,
      subscribe: () => undefined,
      close: () => Promise.resolve(),
    };
  },
};

export function createProcessRuntime(process: SimProcess): Runtime {
  const clock = createClockPort(process);
  const network = createNetworkPort(process);
  const random = process.random.fork();
  return {
    name: "sim",
    version: VERSION,
    clock,
    random,
    crypto: createSimCrypto(random),
    files: new SimFiles(process),
    network,
    http: createHttpPort(process, { clock, network }),
    process: createProcessPort(process),
    databases: createDatabasesPort(process),
    nats: NO_NATS,
    host: createHostPort(process),
  };
}
