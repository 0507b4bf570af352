/** The port's `Network` for a simulated process. @module */
import type { Network } from "../../../src/runtime/port.ts";
import type { SimProcess } from "../process/sim-process.ts";
import { Dial } from "./dial.ts";

export function createNetworkPort(process: SimProcess): Network {
  return {
    listen: (address, accept) => process.operation(0, () => process.host.listeners.add(process, address, accept)),
    dial: (address, handler, options) => {
      if (!process.isRunning) return new Promise(() => undefined);
      return new Dial(process, { address, handler, ...options }).start();
    },
  };
}
