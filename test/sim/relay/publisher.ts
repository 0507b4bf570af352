/**
 * Whoever names relays: signed manifests on every host, with other relays each time and short lives, beside a source that brings rubbish.
 *
 * What it watches: a node names a relay in its record only while a manifest of its publisher vouches for it, and sends no mail over a
 * pinned relay that answered as somebody else. Source: MoltComm v1, section 9; section 11, reading 6.
 *
 * @module
 */
import { encodeBase64 } from "../../../src/contract/mod.ts";
import { signManifest } from "../../../src/moltcomm/manifest/signature.ts";
import type { Crypto } from "../../../src/runtime/port.ts";
import { drawMs } from "../draw.ts";
import type { SeededRandom, SimHost } from "../mod.ts";
import { RELAY_PORT, type RelayFleet } from "./relay-fleet.ts";

const MINUTE_MS = 60_000;
const EVERY_MS = [30_000, 2 * MINUTE_MS] as const;
const LIFE_MS = [6 * MINUTE_MS, 20 * MINUTE_MS] as const;
const LAST_LIFE_MS = 24 * 60 * MINUTE_MS;
/** Between the two files of a source. */
const HALF_DONE_MS = [0, 0, 0, 2_000];
/** A node looks a little late, and leaves with its next record. */
const EXPIRY_SLACK_MS = 2 * MINUTE_MS;
/** A node that has just started does not know its manifest yet. */
const KNOWN_AFTER_MS = 30_000;
const HUGE_BYTES = 1_100_000;
const GOOD = "/pub/good/";
const BAD = "/pub/bad/";
const NAME = "bootstrap-manifest";
const RUBBISH = ["html", "anotherKey", "expired", "old", "unsigned", "huge", "nothing"] as const;

/** What a relay says of itself. */
export interface RelayIdentity {
  readonly nodeId: string;
  readonly pub: string;
}

interface Version {
  readonly text: string;
  readonly signature: string;
  readonly relays: ReadonlySet<SimHost>;
  readonly expiresMs: number;
}

interface Key {
  readonly pub: string;
  readonly sign: (text: string) => string;
}

export class Publisher {
  readonly #fleet: RelayFleet;
  readonly #random: SeededRandom;
  readonly #key: Key;
  readonly #anotherKey: Key;
  readonly #versions: Version[] = [];
  #isOver = false;

  constructor(fleet: RelayFleet) {
    this.#fleet = fleet;
    this.#random = fleet.world.random.fork();
    const { crypto } = fleet.mallory.startIdle({ name: "publisher" }).runtime;
    this.#key = makeKey(crypto);
    this.#anotherKey = makeKey(crypto);
  }

  /** What a node's configuration says. */
  get environment(): Readonly<Record<string, string>> {
    return {
      BARNACLE_MOLTCOMM_MANIFEST_PUB: this.#key.pub,
      BARNACLE_MOLTCOMM_MANIFEST_SOURCES: `${BAD},${GOOD}`,
    };
  }

  /** Publishes now, and again and again. */
  start(): void {
    if (this.#isOver) return;
    this.#publish(this.#drawRelays(), Math.floor(drawMs(this.#random, LIFE_MS)));
    for (const host of this.#fleet.writers) this.#spoil(host);
    this.#fleet.world.after(drawMs(this.#random, EVERY_MS), () => this.start());
  }

  /** One last manifest, of all relays. */
  calm(): void {
    this.#isOver = true;
    this.#publish(this.#fleet.listed, LAST_LIFE_MS);
  }

  /** A node names relays in its record. */
  named(host: SimHost, addresses: readonly string[]): void {
    const { nowMs, options, record, relays } = this.#fleet;
    // Whose clock was set, or who slept, looks at the next refresh.
    const looksInTime = !options.troubles.includes("jumpWall") && !options.troubles.includes("suspend");
    for (const relay of relays) {
      if (!addresses.includes(`relay://${relay.name}:${RELAY_PORT}`)) continue;
      const vouching = this.#versions.filter((version) => version.relays.has(relay));
      const isVouched = vouching.some(({ expiresMs }) => !looksInTime || expiresMs + EXPIRY_SLACK_MS > host.wallMs());
      if (isVouched) continue;
      const why = vouching.length === 0 ? "no manifest names it" : "each manifest that names it has expired";
      record.violate("pinned", nowMs, `${host.name} says that it is found at ${relay.name}: ${why}`);
    }
  }

  /** A node sends mail over a relay that has answered. @param answeredBy who says to be there */
  sentOver(host: SimHost, relay: SimHost, answeredBy: ReadonlySet<string>): void {
    const { nowMs, record } = this.#fleet;
    const current = this.#fleet.currentOn(host);
    const knowsIt = this.#fleet.alwaysListed.includes(relay) &&
      nowMs - (current?.startedAtMs ?? nowMs) > KNOWN_AFTER_MS;
    if (!knowsIt || answeredBy.size === 0 || answeredBy.has(this.#fleet.identityOf(relay).nodeId)) return;
    record.violate(
      "pinned",
      nowMs,
      `${host.name} sends mail over ${relay.name}, where only somebody else has answered`,
    );
  }

  #drawRelays(): readonly SimHost[] {
    const { alwaysListed, listed } = this.#fleet;
    return listed.filter((relay) => alwaysListed.includes(relay) || this.#random.chance(0.6));
  }

  #publish(relays: readonly SimHost[], lifeMs: number): void {
    const nowMs = Math.floor(this.#fleet.world.clock.wallMs());
    const version = this.#sign(this.#key, relays, { nowMs, expiresMs: nowMs + lifeMs });
    this.#versions.push(version);
    this.#fleet.world.note(`published ${relays.map(({ name }) => name).join()}`);
    for (const host of this.#fleet.writers) this.#put(host, GOOD, version, this.#random.pick(HALF_DONE_MS));
  }

  #spoil(host: SimHost): void {
    const random = this.#random;
    const nowMs = Math.floor(this.#fleet.world.clock.wallMs());
    const [oldest] = this.#versions;
    const relays = [...this.#fleet.relays];
    switch (random.pick(RUBBISH)) {
      case "html":
        return this.#put(host, BAD, { text: "<!doctype html><p>Sign in to go on</p>", signature: "<!doctype html>" });
      case "anotherKey":
        return this.#put(host, BAD, this.#sign(this.#anotherKey, relays, { nowMs, expiresMs: nowMs + LAST_LIFE_MS }));
      case "expired":
        return this.#put(
          host,
          BAD,
          this.#sign(this.#key, relays, { nowMs: nowMs - LAST_LIFE_MS, expiresMs: nowMs - MINUTE_MS }),
        );
      case "old":
        if (oldest !== undefined) this.#put(host, BAD, oldest);
        return;
      case "unsigned":
        host.disk.remove(`${BAD}${NAME}.sig`);
        return;
      case "huge":
        return this.#put(host, BAD, { text: `{${" ".repeat(HUGE_BYTES)}}`, signature: "" });
      case "nothing":
        return host.disk.remove(`${BAD}${NAME}.json`);
    }
  }

  #sign(
    key: Key,
    hosts: readonly SimHost[],
    { nowMs, expiresMs }: { readonly nowMs: number; readonly expiresMs: number },
  ): Version {
    const relays = hosts.map((host) => ({
      node_id: this.#fleet.identityOf(host).nodeId,
      pub: this.#fleet.identityOf(host).pub,
      addrs: [`relay://${host.name}:${RELAY_PORT}`],
    }));
    const text = JSON.stringify({ v: 1, generated_ts: nowMs, expires_ts: expiresMs, relays });
    return { text, signature: key.sign(text), relays: new Set(hosts), expiresMs };
  }

  /** One file after the other. */
  #put({ disk }: SimHost, folder: string, { text, signature }: Pick<Version, "text" | "signature">, afterMs = 0): void {
    disk.put(`${folder}${NAME}.json`, text);
    const sign = (): void => disk.put(`${folder}${NAME}.sig`, signature);
    if (afterMs === 0) sign();
    else this.#fleet.world.after(afterMs, sign);
  }
}

function makeKey(crypto: Crypto): Key {
  const { privatePkcs8, publicSpki } = crypto.generateEd25519();
  const sign = crypto.ed25519Signer(privatePkcs8);
  return { pub: encodeBase64(publicSpki), sign: (text) => signManifest(crypto, sign, new TextEncoder().encode(text)) };
}
