/**
 * The relays at which this node could be found: those of the configuration, and those that manifests vouch for.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress, readPeerAddress } from "../../contract/mod.ts";
import type { Clock } from "../../runtime/port.ts";
import { CANDIDATES_MAX, FASTER_MS, FASTER_RATIO } from "./bounds.ts";
import type { RelayLinks } from "./relay-links.ts";
import type { KnownRelayView, PinnedRelay, RelaySource } from "./types.ts";
import type { Watch } from "./watch.ts";

/** An address of a relay, read and as text. */
export interface Place {
  readonly address: PeerAddress;
  readonly text: string;
}

/** One relay. Times are monotonic. */
export interface Candidate {
  /** Its node id where that is pinned, else its address. */
  readonly key: string;
  readonly places: readonly Place[];
  /** Who must answer there. */
  readonly pinnedId: string | undefined;
  /** Where we are registered at it; `undefined` when we are not. */
  joinedAt: Place | undefined;
  /** Since when it is being connected to. */
  openingSinceMs: number | undefined;
  /** Until when a connection that was left is kept. */
  retireAtMs: number | undefined;
  /** It was lost, and not left. */
  isMissed: boolean;
  /** The last one that was measured. */
  roundTripMs: number | undefined;
}

/** What the list looks at. */
export interface CandidatesComponents {
  readonly clock: Clock;
  readonly relayLinks: RelayLinks;
  readonly watch: Watch;
}

/** Where candidates come from. */
export interface CandidatesInit {
  readonly configured: readonly PeerAddress[];
  readonly source: RelaySource | undefined;
}

/** Nothing is known of it: as fast as one across a continent, so that it is neither preferred nor never tried. */
const UNKNOWN_ROUND_TRIP_MS = 100;

/** See the module's description. */
export class Candidates {
  readonly #components: CandidatesComponents;
  readonly #init: CandidatesInit;
  #byKey = new Map<string, Candidate>();

  constructor(components: CandidatesComponents, init: CandidatesInit) {
    this.#components = components;
    this.#init = init;
    this.refresh();
  }

  get all(): Candidate[] {
    return [...this.#byKey.values()];
  }

  /** Those at which we are registered. */
  get joined(): Candidate[] {
    return this.all.filter(({ joinedAt }) => joinedAt !== undefined);
  }

  /** Reads the source anew; what was known of those that stay is kept. @returns those that are none any more */
  refresh(): Candidate[] {
    const before = this.#byKey;
    this.#byKey = listCandidates(before, this.#init.configured, this.#init.source?.relays() ?? []);
    return [...before.values()].filter((candidate) => !this.has(candidate));
  }

  has(candidate: Candidate): boolean {
    return this.#byKey.get(candidate.key) === candidate;
  }

  at(address: string): Candidate | undefined {
    return this.all.find(({ places }) => places.some(({ text }) => text === address));
  }

  /** Whether it may be connected to now. */
  isFree({ openingSinceMs, places }: Candidate): boolean {
    const nowMs = this.#components.clock.monotonicMs();
    return openingSinceMs === undefined &&
      places.some(({ text }) => this.#components.relayLinks.notBeforeMs(text) <= nowMs);
  }

  /** When one of its addresses may be dialled. */
  freeAtMs({ places }: Candidate): number {
    return Math.min(...places.map(({ text }) => this.#components.relayLinks.notBeforeMs(text)));
  }

  /** How fast it answers, for an order; the least first. */
  score(candidate: Candidate): number {
    return this.#roundTripOf(candidate) ?? UNKNOWN_ROUND_TRIP_MS;
  }

  /** Whether one that answers within `roundTripMs` is worth moving to from another. */
  isFaster(roundTripMs: number, other: Candidate): boolean {
    const otherMs = this.#roundTripOf(other);
    return otherMs !== undefined && roundTripMs < otherMs * FASTER_RATIO && otherMs - roundTripMs > FASTER_MS;
  }

  get view(): KnownRelayView[] {
    return this.all.map((candidate) => {
      const address = (candidate.joinedAt ?? candidate.places[0])?.text ?? "";
      return {
        address,
        nodeId: this.#components.relayLinks.at(address)?.peerId ?? candidate.pinnedId,
        isPinned: candidate.pinnedId !== undefined,
        state: this.#stateOf(candidate),
        roundTripMs: this.#roundTripOf(candidate),
      };
    });
  }

  #stateOf(candidate: Candidate): KnownRelayView["state"] {
    if (candidate.joinedAt !== undefined) return "registered";
    if (candidate.openingSinceMs !== undefined) return "connecting";
    return this.isFree(candidate) ? "spare" : "waiting";
  }

  #roundTripOf(candidate: Candidate): number | undefined {
    const { relayLinks, watch } = this.#components;
    const link = relayLinks.at((candidate.joinedAt ?? candidate.places[0])?.text ?? "");
    return (link === undefined ? undefined : watch.roundTripMs(link)) ?? candidate.roundTripMs;
  }
}

/** An address that a manifest pins is not one to be taken without its identity: manifests go before the configuration. */
function listCandidates(
  known: ReadonlyMap<string, Candidate>,
  configured: readonly PeerAddress[],
  pinned: readonly PinnedRelay[],
): Map<string, Candidate> {
  const candidates = new Map<string, Candidate>();
  const taken = new Set<string>();
  const add = (key: string, places: readonly Place[], pinnedId: string | undefined): void => {
    const free = places.filter(({ text }) => !taken.has(text));
    if (free.length === 0 || candidates.has(key) || candidates.size >= CANDIDATES_MAX) return;
    for (const { text } of free) taken.add(text);
    const before = known.get(key);
    const isSame = before !== undefined && before.places.map(textOf).join() === free.map(textOf).join();
    candidates.set(key, isSame ? before : { ...UNKNOWN, key, places: free, pinnedId });
  };
  for (const { nodeId, addresses } of pinned) add(nodeId, addresses.flatMap(placeOf), nodeId);
  for (const address of configured) {
    const text = formatPeerAddress(address);
    add(text, [{ address, text }], undefined);
  }
  return candidates;
}

const UNKNOWN = {
  joinedAt: undefined,
  openingSinceMs: undefined,
  retireAtMs: undefined,
  isMissed: false,
  roundTripMs: undefined,
} as const;

function textOf({ text }: Place): string {
  return text;
}

/** The place at an address of a manifest; none where it cannot be read. */
function placeOf(text: string): Place[] {
  const address = readPeerAddress(text);
  if (address === undefined || address.scheme !== "relay" || address.port === 0) return [];
  return [{ address, text: formatPeerAddress(address) }];
}
