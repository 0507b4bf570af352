/**
 * Puts the parts of a node together; what each does stands at its own head.
 *
 * The way of a message in: `links` (the connection) → `turns` (whose turn it is) → `reading` (how fast) → `reception` (every check) →
 * `directs`, `handshakes`, `gossip`. The way out: `carrier` → a link → `requests` (what is not answered yet).
 *
 * @module
 */
import { RateLimiter } from "../rate-limiter.ts";
import { IN_ORDER_WORD, withWords } from "./agent-words.ts";
import { Bootstraps } from "./bootstraps.ts";
import { KEYS_MAX, RATE_KEYS_MAX, REPLAY_MEMORY_MAX, REPLAY_MEMORY_MS } from "./bounds.ts";
import { MailCarrier } from "./carrier.ts";
import { Dialler } from "./dialler.ts";
import { type DirectAnswer, Directs } from "./directs.ts";
import { Gossip } from "./gossip.ts";
import { Handshakes, type Met } from "./handshakes.ts";
import { KeptMessages } from "./kept.ts";
import type { Link } from "./link.ts";
import { Links } from "./links.ts";
import { NodePeers } from "./node-peers.ts";
import type { NodeComponents, NodeInit } from "./node-types.ts";
import { OwnRecord } from "./own-record.ts";
import { Pings } from "./pings.ts";
import { paceBurst, Reading } from "./reading.ts";
import { Reception } from "./reception.ts";
import { Refusals } from "./refusals.ts";
import { type DialBack, Reachability, Relays } from "./relays/mod.ts";
import { ReplayMemory } from "./replay-memory.ts";
import { Requests } from "./requests.ts";
import { Sealing } from "./sealing/mod.ts";
import { Traffic } from "./traffic.ts";
import { Turns } from "./turns.ts";
import type { KeptNews } from "./types.ts";
import { Upkeep } from "./upkeep.ts";
import { Voice } from "./voice.ts";
import { KeyBook, Signer } from "./wire/mod.ts";

/** What the parts tell the node. */
export interface NodeEvents {
  met(met: Met): void;
  newAddress(nodeId: string): void;
  /** Something is heard of a message that a relay kept. */
  kept(news: KeptNews): void;
  closed(link: Link): void;
  /** A frame longer than allowed was announced. */
  tooLarge(link: Link): void;
  /** The peer ended, and everything of it has been answered. */
  finished(link: Link): void;
  /** Our own mistake; the link is the one it happened on. */
  failed(link: Link | undefined, thrown: unknown): void;
}

/** What stands below everything else: talking, and what is known of connections and of those who speak. */
function assembleGround(components: NodeComponents, init: NodeInit) {
  const { clock, crypto, log } = components;
  const { identity, limits, advertise, directory, reachable = "auto", sealing } = init;
  const { connectionsMax, maxFrameBytes, requestTimeoutMs, framesPerSecondPerConnection } = limits;
  const traffic = new Traffic();
  const signer = new Signer({ crypto }, identity);
  const voice = new Voice({ ...components, signer, traffic });
  const paceBurstFrames = paceBurst(framesPerSecondPerConnection);
  // What comes over a relay comes from many: it is read as fast as everything of one address may come.
  const relayPaceFactor = Math.max(1, limits.framesPerSecondPerAddress / framesPerSecondPerConnection);
  const links = new Links({ clock, log, traffic }, {
    connectionsMax,
    maxFrameBytes,
    paceBurst: paceBurstFrames,
    relayPaceFactor,
  });
  const reachability = new Reachability({ clock }, { mode: reachable });
  return {
    traffic,
    voice,
    links,
    kept: new KeptMessages(),
    keys: new KeyBook({ crypto }, { keysMax: KEYS_MAX }),
    requests: new Requests({ clock }, {
      timeoutMs: requestTimeoutMs,
      onSilent: (link) => links.close(link, "silent"),
    }),
    refusals: new Refusals({ clock, log, traffic, voice }, limits),
    reachability,
    own: new OwnRecord({ clock, reachability, signer }, { advertise }),
    peers: new NodePeers({ ...components, links }, { ...limits, directory, ownNodeId: signer.nodeId }),
    sealing: new Sealing(components, { choice: sealing, identity, directory }),
  };
}

type Ground = ReturnType<typeof assembleGround>;

/** Who reads what arrives, in whose turn, and what is done about it. */
function assembleIntake(
  components: NodeComponents,
  init: NodeInit,
  ground: Ground & { readonly dialBack: DialBack; readonly gossip: Gossip; readonly handshakes: Handshakes },
  events: NodeEvents,
) {
  const { clock, log } = components;
  const { limits, incoming, onBusy = () => undefined } = init;
  const { links } = ground;
  const bucketsOf = (perSecond: number, burst: number) =>
    new RateLimiter({ clock }, { perSecond, burst, keysMax: RATE_KEYS_MAX });
  const perSender = bucketsOf(limits.messagesPerSecondPerSender, limits.messagesBurstPerSender);
  const turns: Turns<DirectAnswer> = new Turns<DirectAnswer>({ clock }, {
    read: (link, quota) => reading.read(link, quota),
    answer: (answer) => directs.answer(answer),
    finish: () => links.flush(),
    failed: (link, thrown) => events.failed(link, thrown),
  });
  const reading: Reading = new Reading({ clock, links }, {
    framesPerSecond: limits.framesPerSecondPerConnection,
    work: {
      queue: (link) => turns.queue(link),
      rest: (link, durationMs) => turns.rest(link, durationMs),
      receive: (link, frame) => reception.receive(link, frame),
      tooLarge: (link) => events.tooLarge(link),
      finished: (link) => events.finished(link),
      overfull: (link) => links.close(link, "read_ahead_max"),
    },
  });
  const directs = new Directs({
    ...ground,
    clock,
    incoming,
    reading,
    turns,
    giveBack: (from) => perSender.giveBack(from),
    onFault: (thrown) => events.failed(undefined, thrown),
  }, limits);
  const reception = new Reception({
    ...ground,
    clock,
    directs,
    incoming,
    log,
    perAddress: bucketsOf(limits.framesPerSecondPerAddress, limits.framesPerSecondPerAddress),
    perSender,
    replay: new ReplayMemory({ clock }, { keepMs: REPLAY_MEMORY_MS, entriesMax: REPLAY_MEMORY_MAX }),
    reading,
    onKept: (news) => events.kept(news),
    onBusy,
  });
  return { turns, reading, directs };
}

/** Makes all parts. Nothing of it does anything before the node starts. */
export function assembleNode(components: NodeComponents, init: NodeInit, events: NodeEvents) {
  const { clock, network } = components;
  const { limits, incoming, agent, bootstrap } = init;
  const { requestTimeoutMs, maxFrameBytes } = limits;
  const ground = assembleGround(components, init);
  const { links, requests, voice, peers: { store } } = ground;
  const handshakes = new Handshakes({ ...ground, clock }, {
    agent: withWords(ground.sealing.agent(agent), IN_ORDER_WORD),
    onMet: (met) => events.met(met),
    onCalled: (link, from) => relays.called(link, from),
  });
  const pings = new Pings({ clock, requests, voice });
  const dialler = new Dialler({ ...ground, clock, network, handshakes, pings });
  const relays: Relays = assembleRelays(
    components,
    init,
    { ...ground, dialler, handshakes, pings },
    () => upkeep.seeks(),
  );
  const gossip = new Gossip({ ...ground, clock, store, onNewAddress: (nodeId) => events.newAddress(nodeId) }, limits);
  const { dialBack, ways } = relays;
  const intake = assembleIntake(components, init, { ...ground, dialBack, gossip, handshakes }, events);
  const carrier = new MailCarrier({ ...ground, clock, incoming, ways }, { maxFrameBytes });
  links.attach({
    readable: (link) => intake.reading.readable(link),
    drained: (link) => intake.reading.drained(link),
    opened: (link) => {
      upkeep.opened();
      relays.opened(link);
    },
    closed: (link) => events.closed(link),
  }, () => intake.turns.isRunning);
  const upkeep = new Upkeep({ ...components, gossip, handshakes, links, pings }, {
    handshakeTimeoutMs: requestTimeoutMs,
  });
  const bootstraps = new Bootstraps({ ...components, dialler, gossip }, { addresses: bootstrap, requestTimeoutMs });
  return { ...ground, ...intake, pings, dialler, carrier, relays, upkeep, bootstraps };
}

function assembleRelays(
  components: NodeComponents,
  init: NodeInit,
  ground: Ground & { readonly dialler: Dialler; readonly handshakes: Handshakes; readonly pings: Pings },
  onUnknown: () => void,
): Relays {
  const { addressesOf = () => [], limits, relays = [], relayConnections = 1, relaySource } = init;
  return new Relays({ ...components, ...ground, store: ground.peers.store }, {
    configured: relays,
    connections: relayConnections,
    source: relaySource,
    requestTimeoutMs: limits.requestTimeoutMs,
    addressesOf,
    onUnknown,
  });
}

/** The parts of a node. */
export type NodeParts = ReturnType<typeof assembleNode>;
