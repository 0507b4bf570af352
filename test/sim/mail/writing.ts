/**
 * How a language model writes an outbox: the same meaning in every ugly way.
 *
 * @module
 */
import type { SeededRandom } from "../mod.ts";
import type { Entry } from "./book.ts";

/** The whole file, written anew. */
export function renderFile(entries: readonly Entry[], random: SeededRandom): string {
  const newline = random.pick(["\n", "\n", "\r\n"]);
  const isArray = entries.length > 0 && random.chance(0.1) && entries.every(({ to }) => to !== undefined);
  const texts = entries.map((entry) => renderEntry(entry, newline, random));
  if (isArray) return `[${texts.join(`,${newline}`)}]${random.pick(["", newline])}`;
  const fence = random.chance(0.1) ? ["```"] : [];
  const first = random.chance(0.15) ? "\uFEFF" : "";
  const text = first + [...fence, ...texts, ...fence].join(random.chance(0.1) ? newline + newline : newline);
  return text === "" || random.chance(0.15) ? text : text + newline;
}

/** One entry, without the newline at its end. */
export function renderEntry({ value }: Entry, newline: string, random: SeededRandom): string {
  // A text without meaning is written in one way only: another way is another text.
  if (typeof value === "string") return value;
  const plain = JSON.stringify(value);
  switch (random.integer(0, 7)) {
    case 0:
      return JSON.stringify(value, null, 2).replaceAll("\n", newline);
    case 1:
      return plain.replace(/\}$/, " , }");
    case 2:
      return `${plain},`;
    case 3:
      return `  ${plain} `;
    case 4:
      return JSON.stringify({ note: "urgent", ...value });
    default:
      return plain;
  }
}

const BODIES = ["", " hello", " zwei\nZeilen", ' "quoted" \\ and }{][, done', " ünïcödé ☃", " \t\u0001 end"];

/** What stands behind the token in a message. */
export function drawBody(random: SeededRandom): string {
  return random.chance(0.05) ? " long".repeat(random.integer(100, 3_000)) : random.pick(BODIES);
}

/** Text that is no message, however one looks at it. */
export function drawRubbish(token: string, nodeId: string, random: SeededRandom): Entry["value"] {
  return random.pick<Entry["value"]>([
    `this is no message ${token}`,
    `Dear ${token}, how are you?`,
    JSON.stringify({ to: "nobody at all", msg: token }),
    JSON.stringify({ to: nodeId, message: token }),
    JSON.stringify({ msg: `to whom? ${token}` }),
    JSON.stringify({ to: "ed25519:abc", msg: token }),
  ]);
}
