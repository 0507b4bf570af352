import * as z from "zod/mini";
import { isNodeId, readPeerAddress } from "../../contract/mod.ts";
import type { SectionDefinition } from "../definition.ts";
import { list, listenAddress, path, wholeNumber } from "./values.ts";

const ADDRESSES_MAX = 16;
const MEMBERS_MAX = 4_096;
const BYTES_PER_SECOND_MAX = 1_000_000_000_000;

function relayAddress(): z.ZodMiniString {
  const isRelay = (value: string) => {
    const address = readPeerAddress(value);
    return address?.scheme === "relay" && address.port > 0;
  };
  return z.string().check(
    z.refine<string>(isRelay, { error: "relay://HOST:PORT, such as relay://relay.example:9003" }),
  );
}

function nodeId(): z.ZodMiniString {
  const error = "a node id, as barnacle id shows it: ed25519: and 43 characters";
  return z.string().check(z.refine<string>(isNodeId, { error }));
}

/** The relay: who may use it, and how much. */
export const relay = {
  description:
    "The relay: how nodes that cannot be dialled are reached. On by `barnacle relay`, or in `barnacle run` " +
    "by `relay.enabled`.",
  settings: {
    enabled: {
      type: () => z.boolean(),
      default: false,
      description: "`true` runs a relay inside `barnacle run`, under the same identity.",
    },
    listen: {
      type: listenAddress,
      default: "127.0.0.1:9003",
      description: "Where nodes connect to the relay. Port 0 takes a free one. Other hosts reach only an address of " +
        "theirs' network, such as `0.0.0.0:9003`.",
      form: "HOST:PORT",
    },
    advertise: {
      type: list(relayAddress, ADDRESSES_MAX),
      default: Object.freeze([]),
      description: "The addresses that `relay info` shows and nodes are told: the relay's public name or address.",
      form: "list of relay://HOST:PORT",
      defaultWords: "the address listened on",
    },
    httpListen: {
      type: listenAddress,
      description:
        "Where `barnacle relay` answers `GET /metrics`, `/healthz` and `/readyz`; not set: nowhere. An address " +
        "that other hosts reach wants `http.token`. In `barnacle run` the agent answers for it.",
      form: "HOST:PORT",
    },
    access: {
      type: () => z.enum(["open", "listed"]),
      default: "open",
      description:
        "Who may be reached over the relay. `open`: every node. `listed`: the nodes in `relay.members` and " +
        "`relay.membersFile`; others may only write to these, and are answered by them.",
    },
    members: {
      type: list(nodeId, MEMBERS_MAX),
      default: Object.freeze([]),
      description: "Nodes that may be reached over a relay that is `listed`.",
      form: "list of node ids",
    },
    membersFile: {
      type: path,
      default: ".barnacle/relay-members",
      description:
        "More of them, one a line. `barnacle relay invite` adds to it; a running relay takes changes within " +
        "seconds.",
      isPath: true,
    },
    maxFrameBytes: {
      type: wholeNumber(4_096, 67_108_864),
      default: 1_048_576,
      description: "The longest frame handed on; a longer one ends its sender's connection.",
    },
    connectionsMax: {
      type: wholeNumber(1, 1_000_000),
      default: 20_000,
      description:
        "Connections open at once; further ones are closed on arrival. The process must be allowed as many " +
        "open files (`LimitNOFILE`).",
    },
    connectionsPerAddress: {
      type: wholeNumber(1, 1_000_000),
      default: 256,
      description: "Connections open at once from one remote address; of IPv6, from one /64.",
    },
    framesPerSecondPerNode: {
      type: wholeNumber(1, 1_000_000_000),
      default: 5_000,
      description: "Frames that one node may send each second in the long run; above it, it is read more slowly.",
    },
    bytesPerSecondPerNode: {
      type: wholeNumber(1_024, BYTES_PER_SECOND_MAX),
      default: 4_194_304,
      description: "Bytes that one node may send each second in the long run; above it, it is read more slowly.",
    },
    framesPerSecondPerAddress: {
      type: wholeNumber(1, 1_000_000_000),
      default: 20_000,
      description: "The same for all nodes of one remote address together.",
    },
    bytesPerSecondPerAddress: {
      type: wholeNumber(1_024, BYTES_PER_SECOND_MAX),
      default: 16_777_216,
      description: "The same for all nodes of one remote address together.",
    },
    framesPerSecond: {
      type: wholeNumber(1, 1_000_000_000),
      default: 500_000,
      description:
        "Frames from all nodes together each second in the long run; above it, everybody is read more slowly.",
    },
    bytesPerSecond: {
      type: wholeNumber(1_024, BYTES_PER_SECOND_MAX),
      default: 1_073_741_824,
      description: "Bytes from all nodes together each second in the long run: what the host's line carries, or costs.",
    },
    queuedBytesPerNode: {
      type: wholeNumber(65_536, 1_073_741_824),
      default: 2_097_152,
      description:
        "Bytes that may wait for one node that reads slowly. From half of it on, whoever sends to that node is " +
        "not read for a second at most; above it, frames for it are refused.",
    },
    queuedBytesMax: {
      type: wholeNumber(1_048_576, 1_099_511_627_776),
      default: 268_435_456,
      description: "Bytes that may wait for all nodes together.",
    },
  },
} satisfies SectionDefinition;
