/** Changing what one node says and hears, frame by frame: for builds that are broken on purpose. @module */
import type { Connection, ConnectionHandler, Network } from "../../../src/runtime/port.ts";
import { Frames } from "./frames.ts";

type Frame = Uint8Array<ArrayBuffer>;

/** One connection's changes. Each gives what takes the frame's place. */
export interface Wiring {
  outgoing?(frame: Frame): readonly Frame[];
  incoming?(frame: Frame): readonly Frame[];
}

/** Makes the changes of one connection. @param say says something on it, past them */
export type WiringMaker = (say: (frame: Frame) => void) => Wiring;

/** The network, with every connection changed. */
export function rewire(network: Network, makeWiring: WiringMaker): Network {
  return {
    listen: (address, accept) =>
      network.listen(address, (connection) => {
        const wire = new Wire(makeWiring);
        return wire.handler(accept(wire.connection(connection)));
      }),
    dial: async (address, handler, options) => {
      const wire = new Wire(makeWiring);
      return wire.connection(await network.dial(address, wire.handler(handler), options));
    },
  };
}

class Wire {
  readonly #wiring: Wiring;
  readonly #out = new Frames();
  readonly #in = new Frames();
  #connection: Connection | undefined;

  constructor(makeWiring: WiringMaker) {
    this.#wiring = makeWiring((frame) => void this.#connection?.write(frame));
  }

  connection(connection: Connection): Connection {
    this.#connection = connection;
    return {
      remote: connection.remote,
      local: connection.local,
      get bufferedBytes() {
        return connection.bufferedBytes;
      },
      write: (data) => {
        let goesOn = true;
        for (const frame of this.#out.push(data)) {
          for (const changed of this.#wiring.outgoing?.(frame) ?? [frame]) goesOn = connection.write(changed);
        }
        return goesOn;
      },
      keepAlive: (idleMs) => connection.keepAlive?.(idleMs) === true,
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      end: () => connection.end(),
      destroy: () => connection.destroy(),
    };
  }

  handler(handler: ConnectionHandler): ConnectionHandler {
    return {
      onData: (data) => {
        for (const frame of this.#in.push(data)) {
          for (const changed of this.#wiring.incoming?.(frame) ?? [frame]) handler.onData(changed);
        }
      },
      onDrain: () => handler.onDrain(),
      onEnd: () => handler.onEnd(),
      onClose: (error) => error === undefined ? handler.onClose() : handler.onClose(error),
    };
  }
}
