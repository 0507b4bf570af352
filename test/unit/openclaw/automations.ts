/** The automations of a simulated gateway, and a session by which they are reached. @module */
import type { GatewayCall, Socket } from "../../../src/openclaw/instructions/mod.ts";

/** The automations of a gateway, as far as the heartbeat of `main` is among them. */
export class Automations {
  content: string | undefined;
  revision = 0;
  jobs: readonly unknown[] = [{ id: "other", declarationKey: "memory" }, {
    id: "beat",
    declarationKey: "heartbeat:main",
  }];
  /** What somebody else writes before each of our writes. */
  rival: (() => string | undefined) | undefined;
  writes = 0;
  /** How often a session was opened. */
  sessions = 0;

  readonly call: GatewayCall = (method, parameters) => {
    if (method === "cron.list") return Promise.resolve({ jobs: this.jobs });
    if (method === "cron.scratch.get") {
      const scratch = this.content === undefined ? null : { content: this.content, revision: this.revision };
      return Promise.resolve({ scratch, currentRevision: this.revision });
    }
    const written = this.rival?.();
    if (written !== undefined) this.#write(written);
    if (parameters["id"] !== "beat" || parameters["expectedRevision"] !== this.revision) {
      return Promise.resolve({ ok: false, reason: "revision-conflict", currentRevision: this.revision });
    }
    this.#write(typeof parameters["content"] === "string" ? parameters["content"] : undefined);
    this.writes++;
    return Promise.resolve({ ok: true, currentRevision: this.revision });
  };

  #write(content: string | undefined): void {
    this.content = content;
    this.revision++;
  }

  /** Opens a session with the gateway. @see SessionComponents.openSocket */
  readonly openSocket = (): Socket => {
    const listeners = new Map<string, (event: unknown) => void>();
    const receive = (frame: unknown) => listeners.get("message")?.({ data: JSON.stringify(frame) });
    this.sessions++;
    queueMicrotask(() => receive({ type: "event", event: "connect.challenge" }));
    return {
      addEventListener: (name: string, listener: (event: unknown) => void) => void listeners.set(name, listener),
      close: () => undefined,
      send: (text: string) => {
        const { id, method, params } = JSON.parse(text) as Readonly<Record<"id" | "method", string>> & {
          readonly params: Readonly<Record<string, unknown>>;
        };
        const answered = method === "connect" ? Promise.resolve({}) : this.call(method, params);
        void answered.then((payload) => receive({ type: "res", id, ok: true, payload }));
      },
    } as unknown as Socket;
  };
}
