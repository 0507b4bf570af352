import * as z from "zod/mini";
import { PEER_ADDRESS_WANTED, readPeerAddress } from "../../contract/mod.ts";
import { readAddress } from "../../address.ts";
import type { SectionDefinition } from "../definition.ts";
import { list, wholeNumber } from "./values.ts";

const ADDRESSES_MAX = 64;

function tcpAddress(): z.ZodMiniString {
  const error = "tcp://HOST:PORT, such as tcp://127.0.0.1:9001 or tcp://[::1]:9001";
  return z.string().check(z.refine<string>((value) => readPeerAddress(value)?.scheme === "tcp", { error }));
}

/** A peer's address; a bare HOST:PORT is taken for tcp. Port 0 cannot be dialled. */
function peerAddress(): z.ZodMiniString {
  const canBeDialled = (value: string) => ((readPeerAddress(value) ?? readAddress(value))?.port ?? 0) > 0;
  return z.string().check(z.refine<string>(canBeDialled, { error: PEER_ADDRESS_WANTED }));
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
