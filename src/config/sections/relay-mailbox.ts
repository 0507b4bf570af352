import * as z from "zod/mini";
import type { SectionDefinition } from "../definition.ts";
import { list, natsUrl, path, secret, wholeNumber } from "./values.ts";

const URLS_MAX = 16;
const STREAM_REGEXP = /^[A-Za-z0-9_-]{1,32}$/;

function streamName(): z.ZodMiniString {
  return z.string().check(z.regex(STREAM_REGEXP, { error: "up to 32 letters, digits, underscores and hyphens" }));
}

/** The relay's mailbox: whether it keeps what comes for nodes that are away, where, and how much. */
export const relayMailbox = {
  description:
    "The relay's mailbox: messages for nodes that are away are kept until they register again. Senders keep them too, " +
    "until the recipient acknowledges.",
  settings: {
    enabled: {
      type: () => z.boolean(),
      default: false,
      description: "`true`: the relay keeps a mailbox, and says so to its nodes.",
    },
    file: {
      type: path,
      default: ".barnacle/relay-mailbox.sqlite",
      description: "The database of the mailbox, unless `natsUrls` names a server.",
      isPath: true,
    },
    framesPerNode: {
      type: wholeNumber(1, 10_000_000),
      default: 1_000,
      description: "Messages kept for one node; beyond it, its oldest is refused.",
    },
    bytesPerNode: {
      type: wholeNumber(65_536, 1_099_511_627_776),
      default: 8_388_608,
      description: "Bytes kept for one node; beyond it, its oldest is refused.",
    },
    framesMax: {
      type: wholeNumber(1, 1_000_000_000),
      default: 1_000_000,
      description: "Messages kept for all nodes together; beyond it, the oldest of all is refused.",
    },
    bytesMax: {
      type: wholeNumber(1_048_576, 1_099_511_627_776),
      default: 1_073_741_824,
      description: "Bytes kept for all nodes together; the database takes somewhat more on disk.",
    },
    nodesMax: {
      type: wholeNumber(1, 1_000_000),
      default: 20_000,
      description:
        "Nodes that have a box: each that registered within 30 days, and members that something is kept for.",
    },
    newNodesPerAddressPerDay: {
      type: wholeNumber(1, 1_000_000),
      default: 256,
      description: "Boxes that new nodes of one remote address get in a day; of IPv6, of one /64.",
    },
    keepHours: {
      type: wholeNumber(1, 168),
      default: 72,
      description:
        "How long a message is kept. A recipient takes none that is older than its own memory of what it took, 7 days.",
    },
    natsUrls: {
      type: list(natsUrl, URLS_MAX),
      default: Object.freeze([]),
      description:
        "NATS servers with JetStream, where relays share one mailbox: a node may then register at any of them. " +
        "`tls://` wants a certificate that this host trusts, or `natsCaFile`.",
      form: "list of nats://HOST:PORT or tls://HOST:PORT",
      isUrl: true,
    },
    natsStream: {
      type: streamName,
      default: "BARNACLE_MAILBOX",
      description:
        "The stream, made with the bounds above when there is none; one that is there keeps its own. Relays that share " +
        "a mailbox name the same.",
    },
    natsReplicas: {
      type: wholeNumber(1, 5),
      default: 1,
      description: "Servers of a cluster that each hold the whole stream, when it is made.",
    },
    natsUser: {
      type: () => z.string().check(z.minLength(1), z.maxLength(256)),
      description: "User at the NATS server.",
    },
    natsPassword: {
      type: secret,
      isSecret: true,
      description: "The password of `natsUser`.",
    },
    natsToken: {
      type: secret,
      isSecret: true,
      description: "The token of the NATS server.",
    },
    natsSeed: {
      type: secret,
      isSecret: true,
      description: "The seed of the NKey (`SU…`) with which the relay proves who it is; alone, or with `natsJwt`.",
    },
    natsJwt: {
      type: secret,
      isSecret: true,
      description: "The user JWT of a credentials file. Wants `natsSeed`, the seed of the same file.",
    },
    natsCaFile: {
      type: path,
      description: "Certificate authorities (PEM) that are trusted for `tls://`, in place of the platform's own.",
      isPath: true,
    },
  },
} satisfies SectionDefinition;
