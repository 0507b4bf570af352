/**
 * The network between the hosts of a world: names, addresses, links and partitions.
 *
 * @module
 */
import type { Range } from "../faults.ts";
import type { SimHost } from "../host.ts";
import type { SeededRandom } from "../random.ts";
import type { SimWorld } from "../world.ts";
import type { Lane } from "./lane.ts";

/** How one direction between two hosts behaves. */
export interface Link {
  readonly latencyMs: Range;
  readonly bytesPerMs: number;
}

const LOOPBACK: Link = { latencyMs: [0.02, 0.1], bytesPerMs: 1_000_000 };
const LOOPBACK_NAMES = ["localhost", "::1"];
const IP_ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/i;

/** Where a name or address leads; without a host nothing answers there. */
export interface Destination {
  readonly ip: string;
  readonly host: SimHost | undefined;
}

export class SimNetwork {
  readonly world: SimWorld;
  readonly random: SeededRandom;
  /** Lanes on which something waits for the path to open. */
  readonly stalled = new Set<Lane>();
  /** Whether kernels can be told to look after connections: those of some platforms cannot. */
  keepsAlive = true;
  readonly #blocked = new Set<string>();
  readonly #links = new Map<string, Link>();
  readonly #names = new Map<string, SimHost>();

  constructor(world: SimWorld, random: SeededRandom) {
    this.world = world;
    this.random = random;
  }

  /** Gives a host a further name. */
  addName(name: string, host: SimHost): void {
    this.#names.set(name.toLowerCase(), host);
  }

  /** Separates the hosts of each group from those of the others, both ways; hosts named nowhere are not touched. */
  partition(...groups: readonly (readonly SimHost[])[]): void {
    for (const from of groups.flat()) {
      for (const to of groups.flat()) {
        if (!groups.some((group) => group.includes(from) && group.includes(to))) this.#blocked.add(keyOf(from, to));
      }
    }
    this.world.note(`net partition ${groups.map((group) => group.map(({ name }) => name).join("+")).join(" | ")}`);
  }

  /** Lets nothing pass in one direction; the other one works on, though nobody there is told of it. */
  block(from: SimHost, to: SimHost): void {
    this.#blocked.add(keyOf(from, to));
    this.world.note(`net block ${from.name} > ${to.name}`);
  }

  /** Ends every partition and block, or those between two hosts. */
  heal(one?: SimHost, other?: SimHost): void {
    if (one === undefined || other === undefined) this.#blocked.clear();
    else {
      this.#blocked.delete(keyOf(one, other));
      this.#blocked.delete(keyOf(other, one));
    }
    this.world.note("net heal");
    this.pathsChanged();
  }

  /** Gives the direction between two hosts a latency and bandwidth of its own. */
  setLink(from: SimHost, to: SimHost, link: Link): void {
    this.#links.set(keyOf(from, to), link);
  }

  linkBetween(from: SimHost, to: SimHost): Link {
    if (from === to) return LOOPBACK;
    if (this.#links.size === 0) return this.world.faults.network;
    return this.#links.get(keyOf(from, to)) ?? this.world.faults.network;
  }

  /** Whether something sent now would arrive. */
  isOpen(from: SimHost, to: SimHost): boolean {
    if (!to.isUp || to.isSuspended) return false;
    if (from === to) return true;
    return from.isPlugged && to.isPlugged && !(this.#blocked.size > 0 && this.#blocked.has(keyOf(from, to)));
  }

  /** Whether a connection can be made this way: into the network behind a router nobody comes from outside. */
  letsIn(from: SimHost, to: SimHost): boolean {
    return to.nat === undefined || to.nat === from.nat;
  }

  /** The address under which one host is seen by another. */
  sourceIp(from: SimHost, to: SimHost): string {
    return from.nat === undefined || from.nat === to.nat ? from.ip : from.nat.ip;
  }

  /** What changes once a router between the two has forgotten the connections through it. */
  mapping(from: SimHost, to: SimHost): number {
    return from.nat === to.nat ? 0 : (from.nat?.generation ?? 0) + (to.nat?.generation ?? 0);
  }

  /** A partition healed or a host came back: what waited goes on. */
  pathsChanged(): void {
    for (const lane of this.stalled) lane.retry();
  }

  /** Where `name` leads, seen from a host; `undefined` for a name that nobody knows. */
  resolve(name: string, from: SimHost): Destination | undefined {
    const plain = plainAddress(name);
    if (LOOPBACK_NAMES.includes(plain) || plain.startsWith("127.")) return { ip: "127.0.0.1", host: from };
    const named = this.#names.get(plain);
    if (named !== undefined) return { ip: named.ip, host: named };
    if (!IP_ADDRESS.test(plain)) return undefined;
    return { ip: plain, host: this.world.hosts.find(({ ip }) => ip === plain) };
  }

  /** Whether finding out where `name` leads takes a look-up. */
  isName(name: string): boolean {
    return name !== "localhost" && !IP_ADDRESS.test(name.replace(/^\[|\]$/g, ""));
  }
}

/** Without brackets, in lower case, and an IPv4 address in IPv6 clothes as IPv4. */
function plainAddress(name: string): string {
  const plain = name.replace(/^\[|\]$/g, "").toLowerCase();
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain);
  if (hex === null) return plain.replace(/^::ffff:/, "");
  const [high, low] = [Number.parseInt(hex[1] ?? "", 16), Number.parseInt(hex[2] ?? "", 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function keyOf(from: SimHost, to: SimHost): string {
  return `${from.name}>${to.name}`;
}
