/**
 * Taking the port on which other nodes connect.
 *
 * @module
 */
import { formatAddress } from "../address.ts";
import { formatPeerAddress, type PeerAddress } from "../contract/mod.ts";
import { BarnacleError, isBarnacleError, toBarnacleError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import type { Connection, ConnectionHandler, Listener, Network } from "../runtime/port.ts";

/** Where to listen. */
export interface ListenInit {
  readonly address: PeerAddress;
  /** Nobody chose the address, so that another port will do when it is taken. */
  readonly isDefault: boolean;
  readonly log: Logger;
  /** Who listens, for the log. @default "moltcomm" */
  readonly role?: "moltcomm" | "relay";
}

/**
 * Listens, and logs the event `listening` with `role`, `address` (`HOST:PORT`, the port that was taken) and `url`.
 *
 * @throws `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`, `PERMISSION_DENIED` with a hint
 */
export async function listen(
  network: Pick<Network, "listen">,
  accept: (connection: Connection) => ConnectionHandler,
  init: ListenInit,
): Promise<Listener> {
  const { address, isDefault, log, role = "moltcomm" } = init;
  let listener: Listener;
  try {
    listener = await network.listen({ host: address.host, port: address.port }, accept);
  } catch (thrown) {
    if (!isDefault || !isBarnacleError(thrown, "ADDRESS_IN_USE")) throw explained(thrown, address, role);
    listener = await listenAnywhere(network, accept, address, role);
    log.warn("default_port_taken", {
      message: `Another process listens on port ${address.port}; this node took ${listener.address.port}`,
      wanted_port: address.port,
      port: listener.address.port,
    });
  }
  const bound = { ...address, port: listener.address.port };
  log.info("listening", { role, address: formatAddress(bound), url: formatPeerAddress(bound) });
  return listener;
}

async function listenAnywhere(
  network: Pick<Network, "listen">,
  accept: (connection: Connection) => ConnectionHandler,
  address: PeerAddress,
  role: string,
): Promise<Listener> {
  try {
    return await network.listen({ host: address.host, port: 0 }, accept);
  } catch (thrown) {
    throw explained(thrown, address, role);
  }
}

function explained(thrown: unknown, address: PeerAddress, role: string): BarnacleError {
  const action = `Listen on ${formatPeerAddress(address)} (${role})`;
  const { code, retryable } = toBarnacleError(thrown, action);
  const hint = hintFor(code, address);
  return new BarnacleError({ code, action, retryable, cause: thrown, ...(hint === undefined ? {} : { hint }) });
}

function hintFor(code: BarnacleError["code"], { host, port }: PeerAddress): string | undefined {
  switch (code) {
    case "ADDRESS_IN_USE":
      return `another process listens on port ${port}; stop it, or choose another with --listen (port 0 takes a free one)`;
    case "ADDRESS_UNAVAILABLE":
      return `no interface of this host has the address ${host}`;
    case "PERMISSION_DENIED":
      return port > 0 && port < 1024 ? "ports below 1024 need a privilege; choose one above" : undefined;
    default:
      return undefined;
  }
}
