/**
 * `PEERS` and `PEERS_RES`: who else is there. Source: MoltComm v1, sections 5 to 7.
 *
 * @module
 */
import { isLoopbackHost } from "../address.ts";
import type { Clock } from "../runtime/port.ts";
import { PEERS_ANSWER_MAX, PEERS_DEFAULT, RECORD_ADDRESS_CHARACTERS_MAX } from "./bounds.ts";
import type { Link } from "./link.ts";
import type { PeerStore } from "./peer-store.ts";
import type { Request, Requests } from "./requests.ts";
import type { Voice } from "./voice.ts";
import { type KeyBook, readPeerRecord } from "./wire/mod.ts";
import type { Message, MessageOf } from "./wire/types.ts";

/** What gossip works with. */
export interface GossipComponents {
  readonly clock: Clock;
  readonly keys: KeyBook;
  readonly requests: Requests;
  readonly store: PeerStore;
  readonly voice: Voice;
  /** A new address of this node is known. */
  readonly onNewAddress: (nodeId: string) => void;
}

/** The most that one record takes of a frame: its addresses, keys and numbers. */
const RECORD_BYTES_MAX = RECORD_ADDRESS_CHARACTERS_MAX + 1_024;

/** See the module's description. */
export class Gossip {
  readonly #components: GossipComponents;
  /** Records that fit into one frame. */
  readonly #recordsMax: number;

  constructor(components: GossipComponents, init: { readonly maxFrameBytes: number }) {
    this.#components = components;
    this.#recordsMax = Math.max(1, Math.min(PEERS_ANSWER_MAX, Math.floor(init.maxFrameBytes / RECORD_BYTES_MAX)));
  }

  /** Asks a node for peers: the one at the far end, or one behind the relay there. */
  ask(link: Link, to: string | undefined = link.peerId): void {
    const { requests, voice } = this.#components;
    if (to === undefined) return;
    const n = Math.min(PEERS_DEFAULT, this.#recordsMax);
    const request: Request = {
      kind: "PEERS",
      key: voice.newId(),
      to,
      link,
      answered: (answer) => this.#take(link, answer, n),
      // Who does not answer this time is not asked again before the next round.
      failed: () => undefined,
    };
    if (voice.say(link, "PEERS", to, { n }, request.key)) requests.add(request);
  }

  /** Answers a `PEERS`: a random choice, those that shook hands first. */
  receive(link: Link, { from, id, body }: MessageOf<"PEERS">): void {
    const n = Math.max(0, Math.min(body.n ?? PEERS_DEFAULT, this.#recordsMax));
    const peers = this.#components.store.choose(n, { except: from, isLocal: isLocal(link) });
    this.#components.voice.say(link, "PEERS_RES", from, { ref: id, peers });
  }

  #take(link: Link, answer: Message, asked: number): void {
    if (answer.t !== "PEERS_RES") return;
    const { keys, store, onNewAddress } = this.#components;
    for (const value of answer.body.peers.slice(0, asked)) {
      const record = readPeerRecord(value);
      // Checking a signature comes last: it costs a thousand times more than the rest.
      if (record === undefined || !store.wants(record, isLocal(link)) || !keys.verifyRecord(record)) continue;
      if (store.heard(record)) onNewAddress(record.peer_id);
    }
  }
}

/** Whether the far end is on this host: loopback addresses mean the same to it. Who is behind a relay may be anywhere. */
function isLocal(link: Link): boolean {
  return link.relay === undefined && isLoopbackHost(link.connection?.remote.host ?? "");
}
