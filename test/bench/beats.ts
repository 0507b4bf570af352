/** The requests of a made-up fleet. */

/** How the fleet varies, so that a filter has something to choose from. */
const REGIONS = [
  "eu-west",
  "eu-north",
  "us-east",
  "us-west",
  "ap-south",
  "ap-east",
  "sa-east",
  "af-south",
] as const;
const SKILL_COUNT = 50;
const SLOTS = 8;
const CAPABILITIES = Array.from({ length: SKILL_COUNT }, (_, first) => {
  const skill = (step: number) => `skill-${String((first + step) % SKILL_COUNT).padStart(2, "0")}`;
  return JSON.stringify([skill(0), skill(7), skill(19)].sort());
});

/** Larger than any fleet here and prime: steps through a fleet in an order that no cache foresees. */
const STRIDE = 1_000_003;

/** Heartbeats of `instances` instances, in an order without rhythm; each is a new publication with the present time. */
export class Beats {
  readonly #instances: number;
  readonly #head: string;
  readonly #run: string;
  #sequence = 0;
  #nowMs = 0;
  #timestamp = "";

  /** @param run eight hexadecimal digits, no two alike against one hub */
  constructor(init: { readonly instances: number; readonly key: string; readonly run: string }) {
    this.#instances = init.instances;
    this.#run = init.run;
    this.#head = "POST /openclaw/status HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n" +
      `authorization: Bearer ${init.key}\r\ncontent-length: `;
  }

  /** The next request, all ASCII. */
  next(): string {
    const sequence = this.#sequence++;
    const body = this.#document((sequence * STRIDE) % this.#instances, sequence);
    return `${this.#head}${body.length}\r\n\r\n${body}`;
  }

  /** Put together as text: serialising an object would cost the load about as much as taking it costs the server. */
  #document(instance: number, sequence: number): string {
    return `{"schema_version":"1.0.0","service_name":"service-${instance % 100}","instance_id":"bench-${instance}",` +
      `"message_id":"${this.#run}-0000-4000-8000-${
        sequence.toString(16).padStart(12, "0")
      }","timestamp":"${this.#now()}",` +
      `"uptime_seconds":${86_400 + instance},"version":"1.4.2","capabilities":${
        CAPABILITIES[instance % SKILL_COUNT]
      },` +
      `"capacity":{"concurrent_tasks":${SLOTS},"active_tasks":${instance % (SLOTS + 1)},"queue_length":${
        instance % 5
      }},` +
      `"health":{"status":"${instance % 10 === 0 ? "degraded" : "healthy"}",` +
      `"details":{"last_task_success_seconds":${instance % 600}}},` +
      `"availability":"${instance % 4 === 0 ? "busy" : "available"}","expires_in_seconds":86400,` +
      `"tags":{"region":"${REGIONS[instance % REGIONS.length]}","tenant":"tenant-${instance % 1_000}"}}`;
  }

  /** Written anew once a millisecond only. */
  #now(): string {
    const nowMs = Date.now();
    if (nowMs !== this.#nowMs) {
      this.#nowMs = nowMs;
      this.#timestamp = new Date(nowMs).toISOString();
    }
    return this.#timestamp;
  }
}
