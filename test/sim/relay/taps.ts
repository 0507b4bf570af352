/**
 * Watching nodes and relays from their platforms: who is registered where, and what relays get to read.
 *
 * @module
 */
import type { Connection, ConnectionHandler, Network } from "../../../src/runtime/port.ts";
import type { ProcessRecord } from "../fleet/record.ts";
import { findToken } from "../mail/book.ts";
import { Frames, readFrame, type SeenMessage } from "../mail/frames.ts";
import { MAIL_PORT } from "../mail/mail-fleet.ts";
import { rewire } from "../mail/rewiring.ts";
import { RELAY_PORT, type RelayFleet } from "./relay-fleet.ts";

const SEALED = "hpke1:";

/** A node: when its mail is up, where it was told that it is registered, and what it sends. */
export function watchAgent(network: Network, one: ProcessRecord, fleet: RelayFleet): Network {
  const listening: Network = {
    dial: (address, handler, options) => network.dial(address, handler, options),
    listen: async (address, accept) => {
      const listener = await network.listen(address, accept);
      if (address.port === MAIL_PORT) fleet.presence.isUp(one);
      return listener;
    },
  };
  const wired = rewire(listening, () => ({
    outgoing: (frame) => {
      const message = readFrame(frame);
      if (message?.t === "DIRECT") noteSent(message, fleet);
      return [frame];
    },
  }));
  return {
    listen: (address, accept) => wired.listen(address, accept),
    dial: async (address, handler, options) => {
      if (address.port !== RELAY_PORT) return await wired.dial(address, handler, options);
      let isTold = false;
      const tell = (isOpen: boolean): void => {
        if (isOpen !== isTold) fleet.presence.told(one, address.host, isOpen);
        isTold = isOpen;
      };
      const end = new End(() => tell(false));
      const connection = await wired.dial(
        address,
        end.handler(handler, (frame) => {
          if (readFrame(frame)?.t === "HELLO_ACK") tell(true);
        }),
        options,
      );
      return end.connection(connection);
    },
  };
}

/** A relay: when it is up, whom it says to be registered, and what it gets to see. */
export function watchRelay(network: Network, one: ProcessRecord, fleet: RelayFleet): Network {
  return {
    dial: (address, handler, options) => network.dial(address, handler, options),
    listen: async (address, accept) => {
      const listener = await network.listen(address, (connection) => {
        const registered = new Set<string>();
        const end = new End(() => {
          for (const nodeId of registered) fleet.presence.registered(one, nodeId, false);
        });
        const tapped = end.connection(connection, (frame) => {
          const message = readFrame(frame);
          if (message?.t !== "HELLO_ACK" || message.to === undefined || registered.has(message.to)) return;
          registered.add(message.to);
          fleet.presence.registered(one, message.to, true);
        });
        return end.handler(accept(tapped), (frame) => noteRelayed(frame, one, fleet));
      });
      fleet.presence.isUp(one);
      return listener;
    },
  };
}

/** Follows a connection to its end, at this end of it. */
class End {
  readonly #over: () => void;
  #isOver = false;

  constructor(over: () => void) {
    this.#over = () => {
      if (!this.#isOver) over();
      this.#isOver = true;
    };
  }

  connection(connection: Connection, onFrame: (frame: Uint8Array) => void = () => undefined): Connection {
    const frames = new Frames();
    return {
      remote: connection.remote,
      local: connection.local,
      get bufferedBytes() {
        return connection.bufferedBytes;
      },
      write: (data) => {
        for (const frame of frames.push(data)) onFrame(frame);
        return connection.write(data);
      },
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      end: () => {
        this.#over();
        connection.end();
      },
      destroy: () => {
        this.#over();
        connection.destroy();
      },
    };
  }

  handler(handler: ConnectionHandler, onFrame: (frame: Uint8Array) => void): ConnectionHandler {
    const frames = new Frames();
    return {
      onData: (data) => {
        for (const frame of frames.push(data)) onFrame(frame);
        handler.onData(data);
      },
      onDrain: () => handler.onDrain(),
      onEnd: () => {
        this.#over();
        handler.onEnd();
      },
      onClose: (error) => {
        this.#over();
        if (error === undefined) handler.onClose();
        else handler.onClose(error);
      },
    };
  }
}

/** Once a node has sent another something sealed, it sends it nothing in plain. */
function noteSent({ body, from, to = "" }: SeenMessage, fleet: RelayFleet): void {
  const { options, record, sealedPairs } = fleet;
  const isSealed = String(body["msg"]).startsWith(SEALED);
  const pair = `${from} ${to}`;
  if (isSealed) {
    fleet.sealedMessages++;
    sealedPairs.add(pair);
    return;
  }
  fleet.plainMessages++;
  if (options.sealing === "required") record.violate("sealed", fleet.nowMs, `${pair}: sent in plain`);
  if (sealedPairs.has(pair)) record.violate("sealed", fleet.nowMs, `${pair}: sent in plain after something sealed`);
}

function noteRelayed(frame: Uint8Array, one: ProcessRecord, fleet: RelayFleet): void {
  if (fleet.options.sealing !== "required") return;
  const token = findToken(new TextDecoder().decode(frame));
  if (token !== undefined) fleet.record.violate("sealed", fleet.nowMs, `${one.process.label} could read ${token}`);
}
