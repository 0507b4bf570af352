/**
 * A crowd of instances beside the real agents: they publish in bursts, so that the hub's writes take several slices and
 * a kill can fall between two of them.
 *
 * @module
 */
import type { HttpClient } from "../../../src/runtime/port.ts";
import { drawMs } from "../draw.ts";
import type { Fleet } from "./fleet.ts";
import type { PublishedDocument } from "./record.ts";

const PAUSE_MS = [1_000, 60_000] as const;
/** Each costs as much real time as an hour of the agents. */
const BURSTS = 3;
/** Under way at once. */
const WORKERS = 20;
const REQUEST_WITHIN_MS = 5_000;

/** @returns what ends it */
export function startCrowd(fleet: Fleet): () => void {
  const { options, world } = fleet;
  if (options.crowdCount === 0) return () => undefined;
  const random = world.random.fork();
  const host = world.addHost("crowd");
  const { process, runtime } = host.startIdle({ name: "crowd" });
  const client = runtime.http.client({});
  let burstsLeft = BURSTS;
  const burst = (): void => {
    if (!process.isRunning || burstsLeft-- === 0) return;
    const numbers = Array.from({ length: options.crowdCount }, (_none, index) => index);
    for (let worker = 0; worker < WORKERS; worker++) {
      work(fleet, client, () => numbers.pop(), () => random.uuid());
    }
    world.after(drawMs(random, PAUSE_MS), burst);
  };
  world.after(drawMs(random, PAUSE_MS), burst);
  return () => process.kill();
}

/** Takes one number after the other; whatever becomes of its publication, the next follows. */
function work(fleet: Fleet, client: HttpClient, take: () => number | undefined, makeId: () => string): void {
  const number = take();
  if (number === undefined) return;
  publish(fleet, client, makeDocument(fleet, number, makeId())).then(
    () => work(fleet, client, take, makeId),
    () => work(fleet, client, take, makeId),
  );
}

async function publish(fleet: Fleet, client: HttpClient, document: PublishedDocument): Promise<void> {
  fleet.record.documents.set(document.message_id, document);
  const controller = new AbortController();
  fleet.world.after(REQUEST_WITHIN_MS, () => controller.abort());
  const answer = await client.fetch(`${fleet.hubUrl}/openclaw/status`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${fleet.hubKey}` },
    body: JSON.stringify(document),
    signal: controller.signal,
  });
  await answer.text();
}

function makeDocument(fleet: Fleet, number: number, messageId: string): PublishedDocument & Record<string, unknown> {
  return {
    schema_version: "1.0.0",
    service_name: "crowd",
    instance_id: `crowd-${number}`,
    message_id: messageId,
    timestamp: new Date(fleet.world.clock.wallMs()).toISOString(),
    uptime_seconds: 1,
    version: "1.0.0",
    capabilities: ["stand"],
    capacity: { concurrent_tasks: 1, active_tasks: 0, queue_length: 0 },
    health: { status: "healthy", details: {} },
    availability: "available",
    expires_in_seconds: 90,
  } as PublishedDocument & Record<string, unknown>;
}
