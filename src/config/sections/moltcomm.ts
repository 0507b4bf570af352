import * as z from "zod/mini";
import {
  decodeBase64,
  isEd25519Spki,
  MANIFEST_SOURCE_WANTED,
  readManifestSource,
  readPeerAddress,
} from "../../contract/mod.ts";
import type { SectionDefinition } from "../definition.ts";
import { ADDRESSES_MAX, list, peerAddress, tcpAddress, wholeNumber } from "./values.ts";

/** All of them may have to be asked in one refresh. */
const MANIFEST_SOURCES_MAX = 16;

/** A relay's address; a bare HOST:PORT would say which of both, too, but not to whoever reads the file. */
function relayAddress(): z.ZodMiniString {
  const isRelay = (value: string) => {
    const address = readPeerAddress(value);
    return address?.scheme === "relay" && address.port > 0;
  };
  return z.string().check(z.refine<string>(isRelay, { error: "relay://HOST:PORT, such as relay://203.0.113.10:9003" }));
}

function manifestSource(): z.ZodMiniString {
  const isSource = (value: string) => readManifestSource(value) !== undefined;
  return z.string().check(z.refine<string>(isSource, { error: MANIFEST_SOURCE_WANTED }));
}

function publicKey(): z.ZodMiniString {
  const isKey = (value: string) => isEd25519Spki(decodeBase64(value) ?? new Uint8Array());
  const error = "an Ed25519 public key, 44 bytes of SPKI DER in base64, as barnacle id shows it";
  return z.string().check(z.refine<string>(isKey, { error }));
}

/** The MoltComm node: how this host's agents are reached, and how much of it strangers may use. */
export const moltcomm = {
  description: "The MoltComm node: how other hosts' agents reach the ones here.",
  settings: {
    enabled: {
      type: () => z.boolean(),
      default: true,
      description: "`false` leaves the node and the mailbox out: nobody reaches this host, and nothing is sent.",
    },
    listen: {
      type: tcpAddress,
      default: "tcp://127.0.0.1:9001",
      description:
        "Where other nodes connect. Port 0 takes a free one; so does the default, with a warning, when its port is taken. " +
        "Other hosts reach only an address of theirs' network, such as `tcp://0.0.0.0:9001`.",
      form: "tcp://HOST:PORT",
    },
    advertise: {
      type: list(peerAddress, ADDRESSES_MAX),
      default: Object.freeze([]),
      description: "The addresses told to other nodes, where they differ from `moltcomm.listen`: behind a forwarded " +
        "port, or with a name.",
      form: "list of tcp://HOST:PORT",
      defaultWords: "the address listened on",
    },
    bootstrap: {
      type: list(peerAddress, ADDRESSES_MAX),
      default: Object.freeze([]),
      description: "Nodes to connect to at the start and to keep connected to; from them others are learnt.",
      form: "list of tcp://HOST:PORT",
    },
    relays: {
      type: list(relayAddress, ADDRESSES_MAX),
      default: Object.freeze([]),
      description:
        "Relays at which this host may be found, where it cannot be dialled; those that answer fast are used. " +
        "Relays of `moltcomm.manifestSources` are used beside them.",
      form: "list of relay://HOST:PORT",
    },
    relayConnections: {
      type: wholeNumber(0, 8),
      default: 1,
      description: "At how many relays this host is found at once; 0 keeps it from all.",
    },
    reachable: {
      type: () => z.enum(["auto", "yes", "no"]),
      default: "auto",
      description:
        "Whether other hosts are told this host's own address beside its relays. `auto`: once somebody has " +
        "connected to it; peers are asked to try. `yes` and `no` say how it is. Without a relay, `auto` means `yes`.",
    },
    manifestPub: {
      type: publicKey,
      description:
        "The key of whoever is trusted to name relays: a bootstrap manifest counts only when this key signed " +
        "it. There is no default.",
      form: "public key in base64",
    },
    manifestSources: {
      type: list(manifestSource, MANIFEST_SOURCES_MAX),
      default: Object.freeze([]),
      description: "Where the bootstrap manifest is, asked in turn until one verifies; its signature lies beside it, " +
        "`.sig` in place of `.json`. What ends in `/` is a folder with `bootstrap-manifest.json` and " +
        "`bootstrap-manifest.sig`. The last one that verified is used until it expires. Needs `moltcomm.manifestPub`.",
      form: "list of https URLs (http for loopback only) and file names",
      isPath: true,
    },
    sealing: {
      type: () => z.enum(["auto", "required", "off"]),
      default: "auto",
      description:
        "Whether messages are sealed, so that only the recipient can read them. `auto`: to nodes that say that they take sealed " +
        "messages, and from then on never in plain, unless `barnacle contacts unseal` allows it. `required`: nothing is sent or " +
        "taken in plain. `off`: this host does not say that it takes them, and seals only to nodes that it has sealed to " +
        "before, unless `barnacle contacts unseal` allows plain text; what comes sealed is opened all the same.",
    },
    maxFrameBytes: {
      type: wholeNumber(4_096, 67_108_864),
      default: 1_048_576,
      description: "The longest frame taken; a longer one closes the connection before its body is read.",
    },
    connectionsMax: {
      type: wholeNumber(1, 65_536),
      default: 2_048,
      description: "Connections open at once, both ways; further ones are closed on arrival.",
    },
    framesPerSecondPerConnection: {
      type: wholeNumber(1, 10_000_000),
      default: 1_000,
      description:
        "Frames read each second from one connection in the long run; above it the connection is read more slowly.",
    },
    framesPerSecondPerAddress: {
      type: wholeNumber(1, 10_000_000),
      default: 5_000,
      description:
        "Frames that one remote address may send each second in the long run, over all its connections; what exceeds " +
        "it is refused with `RATE_LIMIT`.",
    },
    messagesPerSecondPerSender: {
      type: wholeNumber(1, 10_000_000),
      default: 50,
      description:
        "Messages taken each second from one sender in the long run; what exceeds it is refused with `RATE_LIMIT`, " +
        "and may come again.",
    },
    messagesBurstPerSender: {
      type: wholeNumber(1, 10_000_000),
      default: 500,
      description: "Messages taken at once from one sender after a pause.",
    },
    peersMax: {
      type: wholeNumber(1, 1_000_000),
      default: 10_000,
      description: "Peers remembered at most.",
    },
    newPeersPerMinute: {
      type: wholeNumber(1, 1_000_000),
      default: 1_000,
      description: "Peers not known before that are taken up each minute.",
    },
    requestTimeoutSeconds: {
      type: wholeNumber(1, 120),
      default: 15,
      description: "How long connecting to a peer, or its answer, may take.",
    },
    inFlightPerRecipient: {
      type: wholeNumber(1, 4_096),
      default: 64,
      description: "Messages sent to one recipient and not yet answered, at most.",
    },
  },
} satisfies SectionDefinition;
