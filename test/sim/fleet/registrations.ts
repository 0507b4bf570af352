/**
 * Edits of the agent registration file, ugly ones above all: what editors, scripts and people leave there.
 *
 * @module
 */
import type { SeededRandom, SimHost } from "../mod.ts";

export const REGISTRATION_PATH = "/work/agents.json";
const CAPABILITIES = ["download", "encode", "review", "summarize", "translate", "übersetzen"];

/** A registration as good as they come, and the capabilities that it gives the host. */
export interface GoodRegistration {
  readonly text: string;
  readonly capabilities: readonly string[];
}

export function drawGoodRegistration(random: SeededRandom): GoodRegistration {
  const agents = Array.from({ length: random.integer(1, 4) }, (_none, index) => ({
    name: `worker-${index}`,
    capabilities: CAPABILITIES.filter(() => random.chance(0.4)),
    slots: random.integer(1, 4),
    paused: random.chance(0.2),
  }));
  const capabilities = [...new Set(agents.flatMap((agent) => agent.capabilities))].sort();
  return { text: JSON.stringify({ agents }), capabilities };
}

/** Each makes something of a good text that is not, or not quite, one. */
const SPOILERS: readonly ((text: string, random: SeededRandom) => string | Uint8Array)[] = [
  (text, random) => text.slice(0, random.integer(0, text.length - 1)),
  () => "",
  () => "{}",
  () => "null",
  () => '{"agents": {"__proto__": []}}',
  () => '{"agents": [{"name": "", "slots": -1}]}',
  () => '{"agents": [{"name": "a"}, {"name": "a"}]}',
  () => `{"agents": [{"name": "deep", "capabilities": ${"[".repeat(5_000)}]}`,
  () => `{"agents": [], "padding": "${"x".repeat(1_100_000)}"}`,
  (_text, random) => random.bytes(random.integer(1, 2_000)),
  (text) => new Uint8Array(2 * text.length),
  (text) => `// a comment\n${text.replace("]}", "],}")}\n`,
  (text) => `\ufeff${text}`,
  (text) => text.replaceAll('"slots":', '"slots": 1e309, "unknown":'),
];

/** Does one edit, good or bad, in one of the ways in which files are edited. */
export function editRegistration(host: SimHost, random: SeededRandom): void {
  const good = drawGoodRegistration(random).text;
  const content = random.chance(0.5) ? good : random.pick(SPOILERS)(good, random);
  host.world.note(`${host.name} registration edited`);
  if (random.chance(0.2)) {
    // Written in two goes, as a slow writer does; who looks in between sees half of it.
    host.disk.put(REGISTRATION_PATH, good.slice(0, good.length / 2));
    host.world.after(random.integer(1, 2_000), () => host.disk.put(REGISTRATION_PATH, good));
    return;
  }
  host.disk.put(REGISTRATION_PATH, content);
}
