/**
 * The known peers on disk: `.moltcomm/peers.json`, written now and then, since all of it can be learnt again.
 *
 * Signatures are not checked again on the way in: the file is our own, and whoever answers at an address must prove who it is.
 *
 * @module
 */
import * as z from "zod/mini";
import type { Logger } from "../log/mod.ts";
import type { Files, Random } from "../runtime/port.ts";
import { joinPath, JsonStateFile } from "../store/mod.ts";
import { AGENT_CHARACTERS_MAX, PEERS_FILE_BYTES_MAX, PEERS_SAVED_MAX } from "./bounds.ts";
import type { KnownPeer } from "./peer-roll.ts";
import { readPeerRecord } from "./wire/mod.ts";

/** What the file works with. */
export interface PeerFileComponents {
  readonly files: Files;
  readonly random: Random;
  readonly log: Logger;
}

interface SavedPeers {
  readonly v: 1;
  readonly peers: unknown[];
}

interface SavedPeer {
  readonly record?: unknown;
  readonly met_at?: unknown;
  readonly agent?: unknown;
}

const FILE = "peers.json";

/** See the module's description. */
export class PeerFile {
  readonly #file: JsonStateFile<SavedPeers>;

  /** @param init.directory the node's own, `.moltcomm` */
  constructor(components: PeerFileComponents, init: { readonly directory: string }) {
    const { files, random, log: logger } = components;
    this.#file = new JsonStateFile<SavedPeers>({ files, random, logger }, {
      path: joinPath(init.directory, FILE),
      schema: z.object({ v: z.literal(1), peers: z.array(z.unknown()) }),
      bytesMax: PEERS_FILE_BYTES_MAX,
    });
  }

  /** What was known; a peer that cannot be read is left out. @throws `PERMISSION_DENIED`, `IO_ERROR` */
  async load(): Promise<KnownPeer[]> {
    const saved = await this.#file.load();
    return (saved?.peers ?? []).map(readPeer).filter((peer) => peer !== undefined);
  }

  /** Writes the first `PEERS_SAVED_MAX`. @throws `DISK_FULL`, `PERMISSION_DENIED`, `IO_ERROR` */
  async save(known: Iterable<KnownPeer>): Promise<void> {
    const peers: unknown[] = [];
    for (const { record, metAtMs, agent } of known) {
      if (peers.length >= PEERS_SAVED_MAX) break;
      peers.push({
        record,
        ...(metAtMs === undefined ? {} : { met_at: metAtMs }),
        ...(agent === undefined ? {} : { agent }),
      });
    }
    await this.#file.save({ v: 1, peers });
  }
}

function readPeer(value: unknown): KnownPeer | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { record: saved, met_at: metAt, agent }: SavedPeer = value;
  const record = readPeerRecord(saved);
  if (record === undefined) return undefined;
  return {
    record,
    metAtMs: typeof metAt === "number" ? metAt : undefined,
    agent: typeof agent === "string" ? agent.slice(0, AGENT_CHARACTERS_MAX) : undefined,
  };
}
