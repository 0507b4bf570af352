/**
 * The small types that several contracts share.
 *
 * zod's `mini` build is used throughout: the same checks for a quarter of the start-up time and memory of the full one. Every schema
 * of this folder is lazy, made when it first checks something: an agent that nobody asks pays for none of them at its start.
 *
 * @module
 */
import * as z from "zod/mini";
import { NAME_CHARACTERS_MAX } from "../limits.ts";

/** Semantic Versioning 2.0.0, in the form its own specification suggests. */
export const SEMVER_REGEXP =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;

/** A name: one line of text without control characters, not empty. */
export const name = z.lazy(() =>
  z.string().check(
    z.minLength(1),
    z.maxLength(NAME_CHARACTERS_MAX),
    z.regex(/^[^\p{Cc}]*$/u, { error: "one line of text without control characters" }),
  )
);

export const semver = z.lazy(() =>
  z.string().check(z.maxLength(NAME_CHARACTERS_MAX), z.regex(SEMVER_REGEXP, { error: "a version such as 1.2.3" }))
);

/** A whole number, zero or more. */
export const count = z.lazy(() => z.int().check(z.minimum(0)));

/** RFC 3339 in UTC, with or without a fraction of a second. */
export const timestamp = z.lazy(() => z.iso.datetime());

export const uuid = z.lazy(() => z.guid());

/** A MoltComm node id. Source: MoltComm v1, section 1. */
export const nodeId = z.lazy(() =>
  z.string().check(z.regex(/^ed25519:[A-Za-z0-9_-]{43}$/, { error: "a MoltComm node id such as ed25519:…" }))
);
