/** Changes a message as an attacker, a bug or another language might. */
import type { SeededRandom } from "../sim/random.ts";
import type { Json } from "./second-opinion.ts";

const ODD_VALUES: readonly (() => Json)[] = [
  () => null,
  () => true,
  () => 0,
  () => -1,
  () => 1.5,
  () => 2,
  () => 2 ** 53,
  () => 1e308,
  () => "",
  () => "1",
  () => "\ud800",
  () => "a\udfffb",
  () => "\ufeff",
  () => [],
  () => ({}),
  () => [null],
  () => ({ msg: "x", nonce: "x", ref: "x", code: "x" }),
  () => JSON.parse('{"__proto__":{"msg":"x","to":"y"}}'),
  () => JSON.parse("[".repeat(40) + "]".repeat(40)),
];
const FIELDS = ["v", "t", "to", "body", "agent", "n", "ref", "detail", "peer", "__proto__", "constructor", "x"];
const ENVELOPE_FIELDS = ["v", "t", "id", "from", "pub", "to", "ts", "body", "sig"];
const TYPES = ["HELLO", "HELLO_ACK", "PING", "PONG", "PEERS", "PEERS_RES", "DIRECT", "ACK", "ERROR", "NEW", "toString"];

type Mutation = (random: SeededRandom, message: Json, others: readonly Json[]) => void;

/** Changes of the value; the message given is the mutation's own. */
const MUTATIONS: readonly Mutation[] = [
  (random, message) => at(random, message, (holder, key) => delete holder[key]),
  (random, message) => at(random, message, (holder, key) => put(holder, key, random.pick(ODD_VALUES)())),
  (random, message) => at(random, message, (holder) => put(holder, random.pick(FIELDS), random.pick(ODD_VALUES)())),
  (random, message) => message.t = random.pick(TYPES),
  (random, message) => at(random, message, (holder, key) => put(holder, key, edited(random, holder[key]))),
  (random, message, others) => {
    const other = random.pick(others);
    const key = random.pick(Object.keys(other));
    put(message, key, structuredClone(other[key]));
  },
  (random, message, others) => {
    const other = random.pick(others);
    const { from, pub } = other;
    Object.assign(message, random.chance(0.5) ? { from, pub } : { from, pub, sig: other.sig });
  },
  (random, message) => {
    const [one, two] = [random.pick(ENVELOPE_FIELDS), random.pick(ENVELOPE_FIELDS)];
    [message[one], message[two]] = [message[two], message[one]];
  },
  slide,
];

/** A message with one to three changes of its value. */
export function mutated(random: SeededRandom, original: Json, others: readonly Json[]): Json {
  const message = structuredClone(original);
  for (let count = random.integer(1, 3); count > 0; count--) random.pick(MUTATIONS)(random, message, others);
  return message;
}

/** Also a field named `__proto__`, which an assignment would not make. An array takes what is no index at its end. */
function put(holder: Json, key: string, value: Json): void {
  if (Array.isArray(holder) && !(key in holder && /^\d+$/.test(key))) return void holder.push(value);
  Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true });
}

/** Goes to some field at some depth. */
function at(random: SeededRandom, root: Json, act: (holder: Json, key: string) => void): void {
  const keys = Object.keys(root);
  if (keys.length === 0) return;
  const key = random.pick(keys);
  const child = root[key];
  if (typeof child === "object" && child !== null && random.chance(0.8)) at(random, child, act);
  else act(root, key);
}

/** Moves characters, and what looks like a netstring's mark, from one text to the next: what a careless input would not notice. */
function slide(random: SeededRandom, message: Json): void {
  const { body } = message;
  const fields = [[message, "t"], [message, "id"], [message, "from"], [message, "pub"], [message, "to"]]
    .concat(typeof body === "object" && body !== null ? Object.keys(body).map((key) => [body, key]) : [])
    .filter(([holder, key]) => typeof holder[key] === "string");
  if (fields.length < 2) return;
  const index = random.integer(0, fields.length - 2);
  const [left, leftKey] = fields[index] as [Json, string];
  const [right, rightKey] = fields[index + 1] as [Json, string];
  const together = left[leftKey] + random.pick(["", ",", `,${right[rightKey].length}:`]) + right[rightKey];
  const cut = random.integer(0, together.length);
  left[leftKey] = together.slice(0, cut);
  right[rightKey] = together.slice(cut);
}

function edited(random: SeededRandom, value: Json): Json {
  if (typeof value === "number") return random.pick([value + 1, -value, value / 2, value + 2 ** 53, String(value)]);
  if (typeof value !== "string") return [value];
  const cut = random.integer(0, value.length);
  return random.pick<() => string>([
    () => value.slice(0, cut) + value.slice(cut + 1),
    () => value.slice(0, cut) + random.pick(["\ud83d", "é", " ", "\n", "=", "A", "_", ",", "0:,"]) + value.slice(cut),
    () => value.slice(0, cut) + String.fromCharCode(random.integer(32, 126)) + value.slice(cut + 1),
    () => value.slice(0, cut),
    () => value + value,
    () => value.toUpperCase(),
    () => value.normalize(random.pick(["NFC", "NFD"])),
    () => value.replace(/=+$/, ""),
    () => value.replaceAll("+", "-").replaceAll("/", "_"),
    () => value.replace(/(.)(=*)$/, (_all, last, padding) => nextCharacter(last) + padding),
  ])();
}

function nextCharacter(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) + 1);
}

/** The value as JSON in some of its many forms: keys in any order or twice, white space, escapes. */
export function writeOddly(random: SeededRandom, value: Json): string {
  const gap = random.chance(0.1) ? random.pick([" ", "\n", "\t", "\r\n "]) : "";
  if (typeof value === "string") return gap + writeText(random, value);
  if (Array.isArray(value)) return `${gap}[${value.map((item) => writeOddly(random, item)).join(",")}${gap}]`;
  if (typeof value !== "object" || value === null) return gap + (JSON.stringify(value) ?? "null");
  const entries = Object.entries(value).filter(([, child]) => child !== undefined);
  if (random.chance(0.3)) entries.sort(() => random.unit() - 0.5);
  const members = entries.map(([key, child]) => `${writeText(random, key)}:${writeOddly(random, child)}`);
  if (random.chance(0.1)) members.unshift(`"${random.pick(FIELDS)}":${JSON.stringify(random.pick(ODD_VALUES)())}`);
  return `${gap}{${members.join(`${gap},`)}${gap}}`;
}

function writeText(random: SeededRandom, text: string): string {
  const json = JSON.stringify(text);
  if (random.chance(0.9)) return json;
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `"${text.split("").map(escape).join("")}"`;
}

/** Bytes with some of them flipped, cut, doubled or made no UTF-8. */
export function mutatedBytes(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const from = random.integer(0, bytes.length);
  const to = Math.min(bytes.length, from + random.integer(0, 8));
  const middle = random.pick<() => Uint8Array>([
    () => random.bytes(to - from),
    () => new Uint8Array(0),
    () => Buffer.concat([bytes.subarray(from, to), bytes.subarray(from, to)]),
    () => random.pick([Buffer.of(0xff), Buffer.of(0xed, 0xa0, 0x80), Buffer.of(0xc0, 0x80), Buffer.of(0xe2, 0x82)]),
    () => Buffer.from(random.pick(["\\", '"', "{", "}", "[", "\\ud800", "\0", ",", "1e999", "-0", ".0"])),
  ])();
  return Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)]);
}
