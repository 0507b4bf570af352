/**
 * A session with a gateway over its WebSocket. Source: OpenClaw's documentation, "Gateway protocol", version 4; the gateway notes,
 * section 3.3.
 *
 * @module
 */
import { BarnacleError } from "../../errors.ts";
import type { Secret } from "../../log/mod.ts";
import type { Clock } from "../../runtime/port.ts";
import { VERSION } from "../../version.ts";
import { isRecord, recordOf } from "../record.ts";
import type { Gateway } from "../types.ts";

type Json = Readonly<Record<string, unknown>>;

/** Calls a method of the gateway. @throws `REJECTED` with the gateway's own words, `CONNECTION_CLOSED`, `TIMED_OUT` */
export type GatewayCall = (method: string, parameters: Json) => Promise<Json>;

/** As much of a WebSocket as is needed. */
export type Socket = Pick<WebSocket, "send" | "close" | "addEventListener">;

/** What a session works with. */
export interface SessionComponents {
  readonly clock: Clock;
  /** Opens a WebSocket; without it the platform's own is taken. */
  readonly openSocket?: (url: string) => Socket;
}

interface Waiting {
  readonly resolve: (payload: Json) => void;
  readonly reject: (error: BarnacleError) => void;
}

const PROTOCOL = 4;
const TIMEOUT_MS = 15_000;
const SHOWN_CHARACTERS_MAX = 200;
/** By the code with which it closes. */
const HINTS: Readonly<Record<number, string>> = {
  1002:
    "this gateway speaks another protocol than 4: install the plugin, which needs none, or a Barnacle that knows this OpenClaw",
  1008:
    "the gateway does not take this token: set OPENCLAW_GATEWAY_TOKEN to the one it runs with, or install the plugin",
};
/** The gateway knows a closed list of programs; this is the one for others. */
const CLIENT = { id: "gateway-client", version: VERSION, platform: "barnacle", mode: "backend" } as const;

/**
 * Opens a session with the rights of the operator, lets `act` use it, and closes it. All of it has 15 s.
 *
 * @throws what `act` throws; `CONNECTION_REFUSED`, `CONNECTION_CLOSED`, `TIMED_OUT`, `REJECTED`
 */
export async function withGatewaySession<Result>(
  { clock, openSocket = (url) => new WebSocket(url) }: SessionComponents,
  { baseUrl }: Gateway,
  token: Secret,
  act: (call: GatewayCall) => Promise<Result>,
): Promise<Result> {
  const action = `Speak with the gateway at ${baseUrl}`;
  const socket = openSocket(baseUrl.replace(/^http/, "ws"));
  const waiting = new Map<string, Waiting>();
  let fail: (error: BarnacleError) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => fail = reject);
  const challenged = new Promise<void>((resolve) => {
    socket.addEventListener("message", ({ data }) => {
      const frame = frameOf(data);
      if (frame["event"] === "connect.challenge") resolve();
      if (frame["type"] === "res") settle(waiting, frame, action);
    });
  });
  socket.addEventListener(
    "error",
    () => fail(new BarnacleError({ code: "CONNECTION_REFUSED", action, retryable: true })),
  );
  socket.addEventListener("close", ({ code }) => {
    const [value, hint] = [`closed with code ${code}`, HINTS[code]];
    fail(
      new BarnacleError({
        code: "CONNECTION_CLOSED",
        action,
        value,
        ...(hint === undefined ? {} : { hint }),
        retryable: true,
      }),
    );
  });
  const timer = clock.setTimer(
    TIMEOUT_MS,
    () => fail(new BarnacleError({ code: "TIMED_OUT", action, retryable: true })),
  );
  const call: GatewayCall = (method, params) => {
    const id = String(waiting.size + 1);
    const answer = new Promise<Json>((resolve, reject) => waiting.set(id, { resolve, reject }));
    socket.send(JSON.stringify({ type: "req", id, method, params }));
    return Promise.race([answer, broken]);
  };
  try {
    await Promise.race([challenged, broken]);
    await call("connect", {
      minProtocol: PROTOCOL,
      maxProtocol: PROTOCOL,
      client: CLIENT,
      role: "operator",
      scopes: ["operator.read", "operator.admin"],
      caps: [],
      auth: { token: token.reveal() },
    });
    return await act(call);
  } finally {
    timer.cancel();
    broken.catch(() => undefined);
    socket.close();
  }
}

function settle(waiting: Map<string, Waiting>, frame: Json, action: string): void {
  const waiter = waiting.get(String(frame["id"]));
  if (waiter === undefined) return;
  if (frame["ok"] === true) return waiter.resolve(recordOf(frame["payload"]));
  const { code, message } = recordOf(frame["error"]);
  const value = JSON.stringify(String(message ?? code ?? "no details").slice(0, SHOWN_CHARACTERS_MAX));
  waiter.reject(new BarnacleError({ code: "REJECTED", action, value }));
}

function frameOf(data: unknown): Json {
  try {
    const frame: unknown = typeof data === "string" ? JSON.parse(data) : undefined;
    return isRecord(frame) ? frame : {};
  } catch {
    // What is no frame is nothing to us.
    return {};
  }
}
