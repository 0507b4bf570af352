/** Bodies of frames that say the same message in other words: every one of them holds. */
import type { Message } from "../../src/moltcomm/wire/mod.ts";
import { draft } from "./messages.ts";

const direct = draft("form direct", "DIRECT", { msg: "Grüße, 😀" });
const ping = draft("form ping", "PING", { nonce: "8d1f" }, { to: undefined });
const error = draft("form error", "ERROR", { code: "BAD_TS" });

type Edit = (text: string) => string;

function form(name: string, section: string, message: Message, edit: Edit) {
  return { name, section, body_utf8: edit(JSON.stringify({ v: 1, ...message })), message: { v: 1, ...message } };
}

/** Adds fields after the opening brace of the envelope. */
function withFields(fields: string): Edit {
  return (text) => `{${fields},${text.slice(1)}`;
}

/** Adds fields to the body. */
function withBodyFields(fields: string): Edit {
  return (text) => text.replace('"body":{', `"body":{${fields},`);
}

function escapeAll(text: string): string {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace("Grüße, 😀", (msg) => msg.split("").map(escape).join(""));
}

export function formsDocument(): unknown {
  const reversed = (text: string) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse()));
  return {
    vectors: [
      form("keys in another order", "4", direct, reversed),
      form("white space", "4", direct, (text) => `\r\n\t ${JSON.stringify(JSON.parse(text), undefined, 3)} \n`),
      form("every character of the text escaped, pairs of surrogates included", "4", direct, escapeAll),
      form("a solidus escaped", "4", direct, (text) => text.replaceAll("/", "\\/")),
      form("a key escaped", "3", direct, (text) => text.replace('"msg"', '"\\u006dsg"')),
      form("an unknown field", "3", direct, withFields('"hop":1')),
      form(
        "an unknown field with lone surrogates in it: nothing of it is signed",
        "3",
        direct,
        withFields('"x":"\\ud800"'),
      ),
      form("an unknown field, deep", "3", direct, withFields(`"x":${"[".repeat(64)}${"]".repeat(64)}`)),
      form("an unknown field of the body", "3", direct, withBodyFields('"sealed":{"a":[1,null]}')),
      form("a field named __proto__", "3", direct, withFields('"__proto__":{"to":"ed25519:other","v":2}')),
      form("a body's field named __proto__", "3", direct, withBodyFields('"__proto__":{"msg":"other"}')),
      form("a key that stands twice: the last counts", "3", direct, withFields('"ts":0,"to":"ed25519:other"')),
      form("no recipient, as null", "3", ping, withFields('"to":null')),
      form("no recipient, as an empty string: the signature cannot tell", "4", ping, withFields('"to":""')),
      form("an empty ref and detail: the signature cannot tell", "4", error, withBodyFields('"ref":"","detail":""')),
      form(
        "integers with a fraction of zero and an exponent",
        "3",
        direct,
        (text) => text.replace('"v":1', '"v":1.0').replace(`"ts":${direct.ts}`, `"ts":${direct.ts / 1e5}e5`),
      ),
    ],
  };
}
