/** Platforms under which a relay is a broken build: databases that forget, connections that tell nothing of themselves. @module */
import type { Connection, Databases, Network, Runtime, SqlStatement } from "../../../src/runtime/port.ts";
import { bind } from "../fleet/sabotage.ts";

const FRAMES_EACH = 3;
const HELD_UP_BYTES = 65_536;
const HELD_UP_LOOK_MS = 20;

/** Each third frame is not written, and nobody hears of it. */
export function loseFrames(databases: Databases): Databases {
  return changeStatements(databases, (sql, statement) => {
    if (!sql.startsWith("INSERT INTO frames")) return statement;
    let count = 0;
    return {
      ...bind(statement),
      run: (...values) => {
        if (++count % FRAMES_EACH !== 0) statement.run(...values);
      },
    };
  });
}

/** Nothing is there for whoever asks what to hand over. */
export function hideFrames(databases: Databases): Databases {
  return changeStatements(
    databases,
    (sql, statement) =>
      sql.startsWith("SELECT place, frame FROM frames WHERE box") ? { ...bind(statement), all: () => [] } : statement,
  );
}

function changeStatements(
  databases: Databases,
  change: (sql: string, statement: SqlStatement) => SqlStatement,
): Databases {
  return {
    open: async (path) => {
      const database = await databases.open(path);
      return { ...bind(database), prepare: (sql) => change(sql, database.prepare(sql)) };
    },
  };
}

/** What arrives waits while any connection has more queued than it should. */
export function waitForAll({ clock, network }: Runtime): Network {
  const connections = new Set<Connection>();
  const waiting: (() => void)[] = [];
  const isHeld = (): boolean => [...connections].some(({ bufferedBytes }) => bufferedBytes > HELD_UP_BYTES);
  const go = (): void => {
    while (waiting.length > 0 && !isHeld()) waiting.shift()?.();
    if (waiting.length > 0) clock.setTimer(HELD_UP_LOOK_MS, go);
  };
  return {
    dial: (address, handler, options) => network.dial(address, handler, options),
    listen: (address, accept) =>
      network.listen(address, (connection) => {
        connections.add(connection);
        const handler = accept(connection);
        return {
          ...bind(handler),
          onData: (data) => {
            if (waiting.push(() => handler.onData(data)) === 1) go();
          },
          onClose: (error) => {
            connections.delete(connection);
            if (error === undefined) handler.onClose();
            else handler.onClose(error);
          },
        };
      }),
  };
}

/** Every connection that comes in is another. */
export function changeConnections(network: Network, change: (connection: Connection) => Connection): Network {
  return {
    dial: (address, handler, options) => network.dial(address, handler, options),
    listen: (address, accept) => network.listen(address, (connection) => accept(change(connection))),
  };
}

/** Whatever is written seems to be taken at once. */
export function seeNoQueue(connection: Connection): Connection {
  const { local, remote } = connection;
  const write = (data: Uint8Array): boolean => {
    connection.write(data);
    return true;
  };
  return { ...bind(connection), local, remote, bufferedBytes: 0, write };
}

/** Each comes from an address of its own. */
export function fromElsewhere(connection: Connection, { random }: Pick<Runtime, "random">): Connection {
  const host = [10, ...random.bytes(3)].join(".");
  return { ...bind(connection), local: connection.local, remote: { ...connection.remote, host }, bufferedBytes: 0 };
}
