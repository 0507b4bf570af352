/**
 * An invitation: all that somebody needs to write to a node, as one line to copy, mail or read out.
 *
 *     moltcomm:YpRmsCeCkpueDKhzWb8ZYWJ9SEoqhePxbNj7VJLXoI8+name=Chimera+addr=tcp://203.0.113.10:9001
 *
 * - `moltcomm:` and the node id without its `ed25519:`, in the one canonical form.
 * - Then any number of fields, each `+`, its key, `=`, its value. `name`, at most once, is what the node calls itself; `addr`, at most 64
 *   times, is where it is reached (`tcp://HOST:PORT` or `relay://HOST:PORT`, port not 0), the best first. No other key is known.
 * - In a value `A-Z a-z 0-9 . _ ~ : / -` stand for themselves; everything else is percent-encoded UTF-8.
 * - At most 32,768 characters. White space around it is ignored, inside it there is none.
 *
 * So it holds no character that a shell, a chat program or a URL parser takes for its own: it can be pasted behind a command without
 * quotes. It is no proof of anything: whoever takes one compares the fingerprint over a channel he trusts.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import { NAME_CHARACTERS_MAX } from "../limits.ts";
import { isNodeId } from "./node-id.ts";
import { formatPeerAddress, PEER_ADDRESS_WANTED, readPeerAddress } from "./peer-address.ts";

/** What an invitation says. */
export interface Invitation {
  /** `ed25519:…` */
  readonly nodeId: string;
  /** What the node calls itself; nobody has checked it. */
  readonly name?: string;
  /** Peer addresses, the best first. */
  readonly addresses: readonly string[];
}

const SCHEME = "moltcomm:";
const NODE_ID_PREFIX = "ed25519:";
/** As many as a node may be configured to advertise. */
const ADDRESSES_MAX = 64;
/** 64 of the longest addresses and the longest name, each character of it encoded. */
const CHARACTERS_MAX = 32_768;
/** How much of a wrong value is shown. */
const SHOWN_CHARACTERS_MAX = 60;

const NOT_PLAIN = /[^A-Za-z0-9._~:/-]/gu;
const VALUE_REGEXP = /^(?:[A-Za-z0-9._~:/-]|%[0-9A-Fa-f]{2})*$/;
const CONTROL = /\p{Cc}/u;

const HINT = "copy the whole line that barnacle id shows on the other host";

/** Whether the text is meant as an invitation, right or wrong. */
export function isInvitation(text: string): boolean {
  return text.trimStart().slice(0, SCHEME.length).toLowerCase() === SCHEME;
}

/**
 * The invitation as text, which `parseInvitation` reads. Addresses are told once each.
 *
 * @throws `INVITATION_INVALID` when a part is none that could be read again
 */
export function formatInvitation(invitation: Invitation): string {
  const { nodeId, name } = invitation;
  const addresses = [...new Set(invitation.addresses)];
  const fields = [
    ...(name === undefined ? [] : [`+name=${encode(name)}`]),
    ...addresses.map((addr) => `+addr=${encode(addr)}`),
  ];
  const text = `${SCHEME}${nodeId.slice(NODE_ID_PREFIX.length)}${fields.join("")}`;
  parseInvitation(text);
  return text;
}

/**
 * Reads an invitation.
 *
 * @throws `INVITATION_INVALID` with the part that is wrong
 */
export function parseInvitation(text: string): Invitation {
  const line = text.trim();
  if (line.length > CHARACTERS_MAX) throw invalid(`${line.length} characters`, `at most ${CHARACTERS_MAX}`);
  if (!isInvitation(line)) throw invalid(show(line), `${SCHEME} and a node id`);
  if (/\s/.test(line)) throw invalid("white space inside it", "one line without spaces");
  const [id = "", ...fields] = line.slice(SCHEME.length).split("+");
  const nodeId = `${NODE_ID_PREFIX}${id}`;
  if (!isNodeId(nodeId)) throw invalid(`the node id ${show(id)}`, "43 characters of base64url");
  let name: string | undefined;
  const addresses: string[] = [];
  for (const field of fields) {
    const [key, value] = readField(field);
    if (key === "addr") addresses.push(readAddressField(value));
    else if (name === undefined) name = readName(value);
    else throw invalid("two names", "one");
  }
  if (addresses.length > ADDRESSES_MAX) throw invalid(`${addresses.length} addresses`, `at most ${ADDRESSES_MAX}`);
  return { nodeId, ...(name === undefined ? {} : { name }), addresses: [...new Set(addresses)] };
}

function readField(field: string): readonly [key: "name" | "addr", value: string] {
  const at = field.indexOf("=");
  const key = at === -1 ? field : field.slice(0, at);
  if (at === -1 || (key !== "name" && key !== "addr")) throw invalid(`the field ${show(key)}`, "name=… or addr=…");
  const raw = field.slice(at + 1);
  if (!VALUE_REGEXP.test(raw)) throw invalid(`${key}=${show(raw)}`, "other characters percent-encoded");
  try {
    return [key, decodeURIComponent(raw)];
  } catch {
    throw invalid(`${key}=${show(raw)}`, "percent-encoded UTF-8");
  }
}

function readName(name: string): string {
  if (name === "" || name.length > NAME_CHARACTERS_MAX || CONTROL.test(name)) {
    throw invalid(`the name ${show(name)}`, `1 to ${NAME_CHARACTERS_MAX} characters without control characters`);
  }
  return name;
}

function readAddressField(text: string): string {
  const address = readPeerAddress(text);
  if (address === undefined || address.port === 0) throw invalid(`the address ${show(text)}`, PEER_ADDRESS_WANTED);
  return formatPeerAddress(address);
}

function encode(value: string): string {
  return value.toWellFormed().replace(
    NOT_PLAIN,
    (character) =>
      Array.from(new TextEncoder().encode(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
        .join(""),
  );
}

function show(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text);
}

function invalid(value: string, wanted: string): BarnacleError {
  return new BarnacleError({ code: "INVITATION_INVALID", action: "Read the invitation", value, wanted, hint: HINT });
}
