import * as z from "zod/mini";
import type { SectionDefinition } from "../definition.ts";
import { path, wholeNumber } from "./values.ts";

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
      description: "The database of the mailbox.",
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
  },
} satisfies SectionDefinition;
