/**
 * The two streams of a mailbox that relays share: one for frames, one for the nodes that have a box.
 *
 * @module
 */
import { BOX_KEPT_MS, HOURS_TO_MS } from "./bounds.ts";
import type { JetStream } from "./jetstream-api.ts";
import type { MailboxLimits } from "./types.ts";

const NANOSECONDS = 1e6;

/** Makes those that are missing; one that is there stays as its operator wants it. */
export async function ensureStreams(
  { frames, nodes }: { readonly frames: JetStream; readonly nodes: JetStream },
  init: { readonly stream: string; readonly replicas: number; readonly limits: MailboxLimits },
): Promise<void> {
  const { limits, replicas, stream } = init;
  const common = {
    retention: "limits",
    storage: "file",
    discard: "new",
    max_msgs_per_subject: 1,
    num_replicas: replicas,
  };
  await frames.ensure({
    ...common,
    subjects: [`${stream}.frame.*.*`],
    max_msgs: limits.framesMax,
    max_bytes: limits.bytesMax,
    max_age: limits.keepHours * HOURS_TO_MS * NANOSECONDS,
    republish: {
      src: `${stream}.frame.*.*`,
      dest: `${stream}.kept.{{wildcard(1)}}.{{wildcard(2)}}`,
      headers_only: true,
    },
  });
  await nodes.ensure({
    ...common,
    subjects: [`${stream}_NODES.*`],
    max_msgs: limits.nodesMax,
    max_bytes: -1,
    max_age: BOX_KEPT_MS * NANOSECONDS,
  });
}
