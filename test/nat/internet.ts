/**
 * A small internet of network namespaces: hosts with public addresses, and hosts behind routers that translate addresses. Nothing of it is
 * seen from outside, and nothing in it leads out.
 */
import { dirname, join } from "node:path";
import { Running } from "../e2e/barnacle.ts";
import { NODE } from "../interop/script.ts";
import { call, ip, makeNamespace, nft, removeLeftovers, removeNamespace } from "./namespaces.ts";

/** Of TEST-NET-3: what looks like a public address and is nobody's. Source: RFC 5737, section 3. */
const PUBLIC = "203.0.113";
const GATEWAY = `${PUBLIC}.1`;
/** The same behind every router, as in homes. Source: RFC 1918, section 3. */
const HOME = "192.168.1";
const BUN = join(dirname(NODE), "bun");

/** What a line does to everything that crosses it. */
export interface LineInit {
  readonly delayMs: number;
  /** The share of packets that are lost. */
  readonly lossRatio: number;
}

/** A host in a namespace of its own. */
export class Host {
  readonly namespace: string;
  /** What is put before a command so that it runs here. */
  readonly command: readonly string[];
  ip: string;
  readonly #gateway: string;

  constructor(init: { readonly namespace: string; readonly ip: string; readonly gateway: string }) {
    this.namespace = init.namespace;
    this.command = ["ip", "netns", "exec", init.namespace];
    this.ip = init.ip;
    this.#gateway = init.gateway;
    this.#takeAddress();
  }

  /** Another address on the same line: what was connected from the old one is not told. */
  move(address: string): void {
    this.ip = address;
    ip(this.namespace, "addr flush dev eth0");
    this.#takeAddress();
  }

  #takeAddress(): void {
    ip(
      this.namespace,
      `addr add ${this.ip}/32 dev eth0`,
      "link set eth0 up",
      `route replace ${this.#gateway} dev eth0`,
      `route replace default via ${this.#gateway}`,
    );
  }
}

/** What a network is removed with. */
interface Parts {
  readonly namespaces: string[];
  readonly helpers: Running[];
}

/** A router that hides its hosts behind its own address, and lets nothing in that did not come out before. */
export class Router {
  readonly host: Host;
  readonly #parts: Parts;
  readonly #devices = new Map<Host, string>();
  #addresses = 1;

  constructor(parts: Parts, host: Host) {
    this.#parts = parts;
    this.host = host;
    forward(host.namespace);
    nft(
      host.namespace,
      `table ip home {
        chain out { type nat hook postrouting priority srcnat; oifname "eth0" masquerade; }
        chain through {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          iifname "home*" accept
        }
        chain here { type filter hook input priority filter; policy drop; ct state established,related accept; }
      }`,
    );
  }

  addHost(purpose: string): Host {
    const [address, device] = [this.#nextAddress(), `home${this.#addresses}`];
    const namespace = makeNamespace(purpose);
    this.#parts.namespaces.push(namespace);
    connect(this.host.namespace, device, namespace);
    ip(this.host.namespace, `addr add ${HOME}.1/32 dev ${device}`, `route add ${address} dev ${device}`);
    const host = new Host({ namespace, ip: address, gateway: `${HOME}.1` });
    this.#devices.set(host, device);
    return host;
  }

  /** Gives one of its hosts another address. */
  move(host: Host): void {
    host.move(this.#nextAddress());
    ip(this.host.namespace, `route add ${host.ip} dev ${this.#devices.get(host) ?? ""}`);
  }

  #nextAddress(): string {
    this.#addresses += 1;
    return `${HOME}.${this.#addresses}`;
  }
}

/** See the module's description. */
export class Internet {
  readonly #parts: Parts = { namespaces: [], helpers: [] };
  readonly #core: string;
  readonly #devices = new Map<Host, string>();
  #hosts = 9;

  /** Clears what dead runs left, first. */
  constructor() {
    removeLeftovers();
    process.once("exit", this.#removeAll);
    this.#core = makeNamespace("core");
    this.#parts.namespaces.push(this.#core);
    forward(this.#core);
    nft(this.#core, "table ip cuts { chain through { type filter hook forward priority filter; }; }");
  }

  /** A host with a public address. */
  addHost(purpose: string): Host {
    this.#hosts += 1;
    const namespace = makeNamespace(purpose);
    this.#parts.namespaces.push(namespace);
    const device = `to${this.#hosts}`;
    const address = `${PUBLIC}.${this.#hosts}`;
    connect(this.#core, device, namespace);
    ip(this.#core, `addr add ${GATEWAY}/32 dev ${device}`, `route add ${address} dev ${device}`);
    const host = new Host({ namespace, ip: address, gateway: GATEWAY });
    this.#devices.set(host, device);
    return host;
  }

  addRouter(purpose: string): Router {
    return new Router(this.#parts, this.addHost(purpose));
  }

  /** Gives a host with a public address another one. */
  move(host: Host): void {
    this.#hosts += 1;
    host.move(`${PUBLIC}.${this.#hosts}`);
    ip(this.#core, `route add ${host.ip} dev ${this.#devices.get(host) ?? ""}`);
  }

  /** From now on nothing passes between the two, and nobody is told. */
  cut(one: Host, other: Host): void {
    const drop = (from: Host, to: Host) => `add rule ip cuts through ip saddr ${from.ip} ip daddr ${to.ip} drop\n`;
    nft(this.#core, drop(one, other) + drop(other, one));
  }

  heal(): void {
    nft(this.#core, "flush chain ip cuts through");
  }

  /** From now on everything that crosses this internet is late, and some of it is lost. */
  async makeLine({ delayMs, lossRatio }: LineInit): Promise<void> {
    const line = this.help(this.#core, "line.ts", String(delayMs), String(lossRatio));
    await line.event("ready");
    ip(
      this.#core,
      "link set line0 up txqueuelen 10000",
      "route add default dev line0 table 100",
      ...[...this.#devices.values()].map((device) => `rule add iif ${device} lookup 100`),
    );
  }

  /** Counts where texts pass at a host; see `tap.ts`. */
  async tap(host: Host, texts: readonly string[]): Promise<Running> {
    const tap = this.help(host.namespace, "tap.ts", ...texts);
    await tap.event("ready");
    return tap;
  }

  /** Runs a program of this folder in a namespace. */
  help(namespace: string, file: string, ...words: readonly string[]): Running {
    const helper = new Running(["ip", "netns", "exec", namespace, BUN, join(import.meta.dirname, file), ...words], {});
    this.#parts.helpers.push(helper);
    return helper;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#parts.helpers.map((helper) => helper.stop("SIGKILL")));
    this.#removeAll();
    process.off("exit", this.#removeAll);
  }

  readonly #removeAll = (): void => {
    for (const namespace of this.#parts.namespaces.splice(0)) removeNamespace(namespace);
  };
}

/** Puts a cable between a namespace and the `eth0` of another. */
function connect(namespace: string, device: string, other: string): void {
  ip(namespace, `link add ${device} type veth peer name eth0 netns ${other}`, `link set ${device} up`);
}

/** Lets a namespace pass on what is not for itself, whichever way it came. */
function forward(namespace: string): void {
  const settings = ["ip_forward=1", "conf.all.rp_filter=0", "conf.default.rp_filter=0"];
  const set = settings.map((setting) => {
    const [name = "", value = ""] = setting.split("=");
    return `echo ${value} > /proc/sys/net/ipv4/${name.replaceAll(".", "/")}`;
  });
  call("ip", ["netns", "exec", namespace, "sh", "-c", set.join(" && ")]);
}
