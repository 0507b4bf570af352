/** Small helps for cases. Time is the runtime's, so that they work in the simulation too. @module */
import assert from "node:assert/strict";
import { BarnacleError, type ErrorCode } from "../../src/errors.ts";
import type { Clock } from "../../src/runtime/port.ts";

const POLL_MS = 5;

/** For waits that end at once on a quiet machine: a busy one may take long, and only what never comes is a failure. */
export const WAIT_MS = 15_000;

/** The UTF-8 bytes of a text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The text of UTF-8 bytes. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Lets time pass. */
export function pass(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.setTimer(delayMs, resolve));
}

/** Waits for a promise, and fails naming `what` when that takes longer than `timeoutMs`. */
export async function within<T>(clock: Clock, timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: { cancel(): void } | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = clock.setTimer(
      timeoutMs,
      () => reject(new assert.AssertionError({ message: `${what}: not in ${timeoutMs} ms` })),
    );
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    timer?.cancel();
  }
}

/** Waits until a condition holds, and fails naming `what` when it does not within `timeoutMs`. */
export async function until(
  clock: Clock,
  timeoutMs: number,
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const endMs = clock.monotonicMs() + timeoutMs;
  while (!(await condition())) {
    assert.ok(clock.monotonicMs() < endMs, `${what}: not in ${timeoutMs} ms`);
    await pass(clock, POLL_MS);
  }
}

/** Expects a rejection with an error of ours that carries one of the codes, and gives it back. */
export async function rejectsWith(promise: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<BarnacleError> {
  try {
    await promise;
  } catch (error) {
    return checkCode(error, codes);
  }
  assert.fail(`resolved, wanted a rejection with ${codes.join(" or ")}`);
}

/** As {@link rejectsWith}, for a call that throws. */
export function throwsWith(call: () => unknown, ...codes: readonly ErrorCode[]): BarnacleError {
  try {
    call();
  } catch (error) {
    return checkCode(error, codes);
  }
  assert.fail(`returned, wanted an error with ${codes.join(" or ")}`);
}

function checkCode(error: unknown, codes: readonly ErrorCode[]): BarnacleError {
  assert.ok(error instanceof BarnacleError, `an error of ours, not ${describe(error)}`);
  assert.ok(codes.includes(error.code), `${describe(error)}, wanted ${codes.join(" or ")}`);
  return error;
}

function describe(error: unknown): string {
  if (error instanceof BarnacleError) return `${error.code}: ${error.message} (${String(error.cause)})`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
