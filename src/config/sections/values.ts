/**
 * The kinds of values that several settings share.
 *
 * @module
 */
import * as z from "zod/mini";
import { readAddress } from "../../address.ts";
import { PEER_ADDRESS_WANTED, readPeerAddress } from "../../contract/mod.ts";
import { Secret } from "../../log/mod.ts";
import { LISTEN_ADDRESS_WANTED } from "../address.ts";

/** Addresses of one node in the configuration. */
export const ADDRESSES_MAX = 64;
const PATH_CHARACTERS_MAX = 4_096;
/** The longest name of the DNS, and its port. */
const ADDRESS_CHARACTERS_MAX = 255 + ":65535".length;
const URL_CHARACTERS_MAX = 2_048;
const NATS_URL_REGEXP = /^(?:nats|tls):\/\/[^\s?#]+$/i;
const HTTP_URL_REGEXP = /^https?:\/\/[^\s]+$/i;

/** A file's name. */
export function path(): z.ZodMiniString {
  const noNul = z.refine<string>((value) => !value.includes("\0"), { error: "a file name" });
  return z.string().check(z.minLength(1), z.maxLength(PATH_CHARACTERS_MAX), noNul);
}

/** An address to listen on. */
export function listenAddress(): z.ZodMiniString {
  const isAddress = z.refine<string>((value) => readAddress(value) !== undefined, {
    error: LISTEN_ADDRESS_WANTED,
  });
  return z.string().check(z.maxLength(ADDRESS_CHARACTERS_MAX), isAddress);
}

/**
 * An address to which paths are appended. Credentials have settings of their own, which are masked; in a URL they would
 * be shown.
 */
export function baseUrl(): z.ZodMiniString {
  const error = "an http or https URL without user, password, query and fragment";
  return z.string().check(z.maxLength(URL_CHARACTERS_MAX), z.refine<string>(isBaseUrl, { error }));
}

/** A NATS server. */
export function natsUrl(): z.ZodMiniString {
  const isServer = (value: string) => {
    if (!NATS_URL_REGEXP.test(value) || !URL.canParse(value)) return false;
    const url = new URL(value);
    return url.hostname !== "" && url.username === "" && url.password === "" && ["", "/"].includes(url.pathname);
  };
  const error = "nats://HOST:PORT or tls://HOST:PORT, without user and password";
  return z.string().check(z.maxLength(URL_CHARACTERS_MAX), z.refine<string>(isServer, { error }));
}

/** Secrets are read before any type sees them, so that no message can show one. */
export function secret(): z.ZodMiniCustom<Secret, Secret> {
  return z.custom<Secret>((value) => value instanceof Secret, "a secret");
}

/** A list of texts, each of the given type. */
export function list(item: () => z.ZodMiniString, lengthMax: number): () => z.ZodMiniArray<z.ZodMiniString> {
  return () => z.array(item()).check(z.maxLength(lengthMax));
}

/** Where a node listens. */
export function tcpAddress(): z.ZodMiniString {
  const error = "tcp://HOST:PORT, such as tcp://127.0.0.1:9001 or tcp://[::1]:9001";
  return z.string().check(z.refine<string>((value) => readPeerAddress(value)?.scheme === "tcp", { error }));
}

/** A peer's address; a bare HOST:PORT is taken for tcp. Port 0 cannot be dialled. */
export function peerAddress(): z.ZodMiniString {
  const canBeDialled = (value: string) => ((readPeerAddress(value) ?? readAddress(value))?.port ?? 0) > 0;
  return z.string().check(z.refine<string>(canBeDialled, { error: PEER_ADDRESS_WANTED }));
}

/** A whole number in the range. */
export function wholeNumber(minimum: number, maximum: number): () => z.ZodMiniNumberFormat {
  return () => z.int().check(z.minimum(minimum), z.maximum(maximum));
}

function isBaseUrl(value: string): boolean {
  if (!HTTP_URL_REGEXP.test(value) || !URL.canParse(value)) return false;
  const url = new URL(value);
  return url.username === "" && url.password === "" && url.search === "" && url.hash === "";
}
