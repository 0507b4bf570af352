/**
 * The hub's rules without its database: for a receiver inside another program, which keeps what it exports as it likes.
 *
 * @module
 */
import * as z from "zod/mini";
import { receivedStatusDocument } from "../contract/mod.ts";
import type { Route } from "../http/mod.ts";
import { HUB_DOCUMENT_CHARACTERS_MAX } from "../limits.ts";
import type { Clock } from "../runtime/port.ts";
import { type Instance, readFacts, readWords } from "./instance.ts";
import { Intake } from "./intake.ts";
import { findInstances, viewOf } from "./query.ts";
import { Registry } from "./registry.ts";
import { statusRoutes } from "./routes.ts";
import { SteadyTime } from "./steady-time.ts";

/** What it works with. */
export interface MemoryHubComponents {
  readonly clock: Pick<Clock, "wallMs" | "monotonicMs">;
  /** Told when there is something new to export. */
  readonly onChanged: () => void;
}

/** How much it keeps. */
export interface MemoryHubInit {
  readonly instancesMax: number;
  readonly forgetAfterSeconds: number;
}

/** An instance as it is exported. */
const stored = z.lazy(() =>
  z.object({
    owner: z.string(),
    heardAtMs: z.number(),
    sequence: z.number(),
    messageIds: z.array(z.number()),
    documentText: z.string(),
  })
);
export type StoredInstance = z.infer<typeof stored>;

export interface MemoryHub {
  /** `POST /openclaw/status`, `GET /v1/instances`, `GET /v1/instances/{id}`. Signatures are not looked at. */
  readonly routes: readonly Route[];
  /** Everything that is known, for {@link restore}. */
  export(): StoredInstance[];
  /** Takes what was exported; what is not to be read is left out. */
  restore(exported: unknown): void;
}

export function createMemoryHub({ clock, onChanged }: MemoryHubComponents, init: MemoryHubInit): MemoryHub {
  const time = new SteadyTime(clock);
  const registry = new Registry(onChanged);
  const intake = new Intake({ registry, time }, {
    instancesMax: init.instancesMax,
    instancesMaxPerKey: init.instancesMax,
    documentCharactersMax: HUB_DOCUMENT_CHARACTERS_MAX,
  });
  const forgottenUntilMs = () => time.nowMs() - init.forgetAfterSeconds * 1_000;
  const forget = (): void => {
    for (const row of registry.index.rowsHeardUntil(forgottenUntilMs())) {
      const id = registry.at(row)?.id;
      if (id !== undefined) registry.remove(id);
    }
  };
  return {
    routes: statusRoutes({
      nowMs: () => time.nowMs(),
      publish: (document, { bodyText, principal = "" }) => {
        forget();
        return intake.take({ document, documentText: bodyText, principal, signedBy: undefined });
      },
      find: (query) => findInstances(registry, query, { nowMs: time.nowMs(), forgottenUntilMs: forgottenUntilMs() }),
      get: (id) => {
        const instance = registry.get(id);
        return instance === undefined || instance.heardAtMs <= forgottenUntilMs()
          ? undefined
          : viewOf(instance, time.nowMs());
      },
      heartbeatOf: () => undefined,
    }),
    export: () => {
      const rows = registry.index.rowsHeardUntil(Infinity);
      return rows.flatMap((row) => registry.at(row) ?? []).map(exported);
    },
    restore: (list) => {
      for (const entry of Array.isArray(list) ? list : []) restoreOne(registry, entry, forgottenUntilMs());
    },
  };
}

function exported({ owner, heardAtMs, sequence, messageIds, documentText }: Instance): StoredInstance {
  return { owner, heardAtMs, sequence, messageIds: [...messageIds], documentText };
}

function restoreOne(registry: Registry, entry: unknown, forgottenUntilMs: number): void {
  const checked = stored.safeParse(entry);
  if (!checked.success || checked.data.heardAtMs <= forgottenUntilMs) return;
  const document = receivedStatusDocument.safeParse(parse(checked.data.documentText));
  if (!document.success || registry.get(document.data.instance_id) !== undefined) return;
  registry.restore(
    { ...checked.data, ...readFacts(document.data), id: document.data.instance_id, verified: false },
    readWords(document.data),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
