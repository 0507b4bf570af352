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

/** Publications of `instances` instances, in an order without rhythm; each is a new publication with the present time. */
export class Beats {
  readonly #instances: number;
  readonly #key: string;
  readonly #run: string;
  readonly #isWatched: boolean;
  #sequence = 0;
  #nowMs = 0;
  #timestamp = "";

  /**
   * @param init.run eight hexadecimal digits, no two alike against one hub
   * @param init.isWatched whether each second request is the heartbeat of the Monitor on the instance's host
   */
  constructor(
    init: { readonly instances: number; readonly key: string; readonly run: string; readonly isWatched?: boolean },
  ) {
    this.#instances = init.instances;
    this.#run = init.run;
    this.#key = init.key;
    this.#isWatched = init.isWatched ?? false;
  }

  /** The next request, all ASCII. */
  next(): string {
    const sequence = this.#sequence++;
    const turn = this.#isWatched ? Math.floor(sequence / 2) : sequence;
    const instance = (turn * STRIDE) % this.#instances;
    if (this.#isWatched && sequence % 2 === 1) {
      return this.#request("/monitor/server/heartbeat", this.#heartbeat(instance, turn));
    }
    return this.#request("/openclaw/status", this.#document(instance, sequence));
  }

  #request(path: string, body: string): string {
    return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
      `authorization: Bearer ${this.#key}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  }

  /** Figures that change from one to the next, as they do. */
  #heartbeat(instance: number, turn: number): string {
    const wave = (turn * 37 + instance) % 1_000;
    return `{"identifier":"bench-${instance}","cpu_pct":${wave / 10},"mem_pct":${(400 + wave % 50) / 10},` +
      `"disk_pct":${instance % 100},"swap_pct":0,"load_avg":[${wave / 100},0.5,0.4],"uptime_seconds":${turn},` +
      `"nginx_installed":true,"nginx_sites":["default"],"openclaw_version":"OpenClaw 2026.9.6 (eb377ac)",` +
      `"plugin_version":"0.2.0","agents":[{"id":"main","name":"main","status":"idle"}]}`;
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
