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
      if (message?.t === "HELLO" || message?.t === "HELLO_ACK") noteNamed(message, one, fleet);
      if (message?.t === "ACK") fleet.peace.acknowledged(String(message.body["ref"]));
      return [frame];
    },
  }));
  return {
    listen: (address, accept) => wired.listen(address, accept),
    dial: async (address, handler, options) => {
      if (address.port !== RELAY_PORT) return await wired.dial(address, handler, options);
      const answeredBy = new Set<string>();
      const relay = fleet.relays.find(({ name }) => name === address.host);
      let isTold = false;
      const tell = (isOpen: boolean): void => {
        if (isOpen !== isTold) fleet.presence.told(one, address.host, isOpen);
        isTold = isOpen;
      };
      const end = new End(() => tell(false));
      const connection = await wired.dial(
        address,
        end.handler(handler, (frame) => {
          const message = readFrame(frame);
          if (message?.t !== "HELLO_ACK") return;
          answeredBy.add(message.from);
          tell(true);
        }),
        options,
      );
      return end.connection(connection, (frame) => {
        if (relay === undefined || readFrame(frame)?.t !== "DIRECT") return;
        fleet.publisher?.sentOver(one.process.host, relay, answeredBy);
      });
    },
  };
}

/** A relay: when it is up, whom it says to be registered, and what it gets to see. */
export function watchRelay(network: Network, one: ProcessRecord, fleet: RelayFleet): Network {
  return {
    dial: (address, handler, options) => network.dial(address, handler, options),
    listen: async (address, accept) => {
      const listener = await network.listen(address, (connection) => {
        const { host } = one.process;
        const registered = new Set<string>();
        const behind: (() => void)[] = [];
        const end = new End((isOurs) => {
          for (const nodeId of registered) {
            fleet.presence.registered(one, nodeId, false);
            if (isOurs && one.stop === undefined) fleet.peace.left(host, nodeId, connection.remote.host);
          }
        });
        const tapped = end.connection(connection, (frame) => {
          const message = readFrame(frame);
          if (message === undefined) return;
          const { body, id, t, to } = message;
          if (t === "ERROR" && body["code"] === "KEPT") fleet.keeping.told(host, to ?? "", String(body["ref"]));
          const answered = t === "DIRECT" ? fleet.keeping.handed(host, id) : undefined;
          if (answered !== undefined) behind.push(answered);
          if (t !== "HELLO_ACK" || to === undefined || registered.has(to)) return;
          registered.add(to);
          fleet.presence.registered(one, to, true);
        });
        return end.handler(accept(tapped), (frame) => {
          const t = readFrame(frame)?.t;
          if (t === "PONG") { for (const answered of behind.splice(0)) answered(); }
          if (t === "HELLO") fleet.heard(frame);
          noteRelayed(frame, one, fleet);
        });
      });
      fleet.presence.isUp(one);
      return listener;
    },
  };
}

/** Follows a connection to its end, at this end of it. */
class End {
  readonly #over: (isOurs: boolean) => void;
  #isOver = false;

  /** @param over told whether this end was the first to end it */
  constructor(over: (isOurs: boolean) => void) {
    this.#over = (isOurs) => {
      if (!this.#isOver) over(isOurs);
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
      keepAlive: (idleMs) => connection.keepAlive?.(idleMs) === true,
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      end: () => {
        this.#over(true);
        connection.end();
      },
      destroy: () => {
        this.#over(true);
        connection.destroy();
      },
    };
  }

  handler(handler: ConnectionHandler, onFrame: (frame: Uint8Array<ArrayBuffer>) => void): ConnectionHandler {
    const frames = new Frames();
    return {
      onData: (data) => {
        for (const frame of frames.push(data)) onFrame(frame);
        handler.onData(data);
      },
      onDrain: () => handler.onDrain(),
      onEnd: () => {
        this.#over(false);
        handler.onEnd();
      },
      onClose: (error) => {
        this.#over(false);
        if (error === undefined) handler.onClose();
        else handler.onClose(error);
      },
    };
  }
}

/** Once a node has sent another something sealed, it sends it nothing in plain. */
function noteSent({ body, from, id, to = "" }: SeenMessage, fleet: RelayFleet): void {
  fleet.peace.sent(id);
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

function noteNamed({ body }: SeenMessage, { process }: ProcessRecord, fleet: RelayFleet): void {
  const { addrs = [] } = body["peer"] as { readonly addrs?: readonly string[] };
  fleet.publisher?.named(process.host, addrs);
}

function noteRelayed(frame: Uint8Array, one: ProcessRecord, fleet: RelayFleet): void {
  if (fleet.options.sealing !== "required") return;
  const token = findToken(new TextDecoder().decode(frame));
  if (token !== undefined) fleet.record.violate("sealed", fleet.nowMs, `${one.process.label} could read ${token}`);
}
