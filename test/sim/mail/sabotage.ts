/**
 * Broken builds: each does to one process's platform what a fault in Barnacle would come to, and the checker named
 * beside it has to notice.
 *
 * @module
 */
import { BarnacleError } from "../../../src/errors.ts";
import { Signer } from "../../../src/moltcomm/wire/mod.ts";
import type { Crypto, FileHandle, Files, Network, Runtime } from "../../../src/runtime/port.ts";
import { publicFromPrivate } from "../../../src/runtime/shared/crypto.ts";
import type { Sabotage } from "../fleet/crew.ts";
import type { CheckerName } from "../fleet/record.ts";
import { bind, endLater, leakTimers } from "../fleet/sabotage.ts";
import { NO_FAULTS, type SimHost } from "../mod.ts";
import { readFrame } from "./frames.ts";
import { MAIL_DIRECTORY } from "./inbox-ledger.ts";
import { type MailOptions, NO_RATES } from "./options.ts";
import { rewire, type Wiring } from "./rewiring.ts";

export interface BrokenMailBuild {
  readonly what: string;
  readonly caughtBy: CheckerName;
  readonly sabotage: Sabotage;
  /** The world in which it shows, beside {@link QUIET}. */
  readonly options?: Partial<MailOptions>;
}

/** A world in which only the broken build is wrong, as far as the table does not ask for more. */
export const QUIET: Partial<MailOptions> = {
  hostCount: 3,
  troubleMs: 60_000,
  troubles: ["cursor"],
  pauseMs: [500, 4_000],
  lastsMs: [500, 3_000],
  faults: NO_FAULTS,
  editMs: [500, 4_000],
  editsMax: 40,
  unreadPerSenderMax: 1_000,
  proxiedCount: 0,
  proxy: NO_RATES,
  isHostile: false,
};

const SLOW = { ...NO_FAULTS, network: { ...NO_FAULTS.network, latencyMs: [50, 800] as const } };
const POWER = { troubles: ["powerCut"], powerCutOutcome: "lost", pauseMs: [300, 2_000] } as const;

export const BROKEN_MAIL_BUILDS: readonly BrokenMailBuild[] = [
  {
    what: "a node that acknowledges what it has not synced",
    caughtBy: "lost",
    options: POWER,
    sabotage: onAgents((runtime) => withFiles(runtime, skipSyncs(runtime.files, "/inbox.ndjson"))),
  },
  {
    what: "a node that forgets what it delivered when it ends",
    caughtBy: "twice",
    options: { troubles: ["stop"], proxiedCount: 3, proxy: { ...NO_RATES, duplicate: 0.3, replay: 0.5 } },
    sabotage: onAgents((runtime) => ({ ...runtime, crypto: forgetDigests(runtime) })),
  },
  {
    what: "a node whose numbers begin anew with its inbox",
    caughtBy: "seq",
    options: { troubles: ["inbox", "stop"], pauseMs: [100, 800], editMs: [1_000, 8_000] },
    sabotage: onAgents((runtime) => withFiles(runtime, hide(runtime.files, ["/state/inbox.json", "/inbox.cursor"]))),
  },
  {
    what: "a node that tries again under a new id",
    caughtBy: "outbox",
    options: { troubles: ["kill"], faults: SLOW, pauseMs: [300, 2_000] },
    sabotage: onAgents((runtime) => withFiles(runtime, changeIds(runtime))),
  },
  {
    what: "a node that forgets what it took from its outbox",
    caughtBy: "outbox",
    // What it offers again has the same keys until the outbox has once come to rest.
    options: { troubles: ["stop"], troubleMs: 120_000, editMs: [8_000, 20_000] },
    sabotage: onAgents((runtime) => withFiles(runtime, hide(runtime.files, ["/state/outbox.bin"]))),
  },
  {
    what: "a node that takes a line and does not sync that it did",
    caughtBy: "outbox",
    options: { ...POWER, faults: SLOW },
    sabotage: onAgents((runtime) => withFiles(runtime, skipSyncs(runtime.files, "delivery.ndjson"))),
  },
  {
    what: "a node that believes answers that the recipient did not sign",
    caughtBy: "outbox",
    options: { proxiedCount: 3, proxy: { ...NO_RATES, drop: 0.3, forge: 0.5 } },
    sabotage: onAgents((runtime) => ({ ...runtime, crypto: { ...runtime.crypto, ed25519Verifier: () => () => true } })),
  },
  {
    what: "a node that counts a message as seen which it refused",
    caughtBy: "outbox",
    options: { troubles: ["fullDisk"], lastsMs: [2_000, 8_000] },
    sabotage: onAgents((runtime, host) => ({ ...runtime, network: rememberRefused(runtime, host) })),
  },
  {
    what: "a node that sends the second before the first",
    caughtBy: "order",
    sabotage: onAgents((runtime) => ({ ...runtime, network: rewire(runtime.network, swapDirects) })),
  },
  {
    what: "a node that never writes again to a disk that was full once",
    caughtBy: "whole",
    options: { troubles: ["fullDisk"] },
    sabotage: onAgents((runtime) => withFiles(runtime, giveUpDisk(runtime.files))),
  },
  {
    what: "a node that a timer's error ends",
    caughtBy: "life",
    options: { troubleMs: 110_000 },
    sabotage: onAgents(endLater),
  },
  {
    what: "a node that forgets to cancel its timers",
    caughtBy: "bounds",
    sabotage: onAgents((runtime) => ({ ...runtime, clock: leakTimers(runtime.clock) })),
  },
];

function onAgents(change: (runtime: Runtime, host: SimHost) => Runtime): Sabotage {
  return (runtime, role, host) => role === "agent" ? change(runtime, host) : runtime;
}

function withFiles(runtime: Runtime, files: Files): Runtime {
  return { ...runtime, files };
}

/** Syncs of files whose path ends so do nothing. */
function skipSyncs(files: Files, ending: string): Files {
  return {
    ...bind(files),
    open: async (path, mode, options) => {
      const handle = await files.open(path, mode, options);
      // What is to replace it has its name in the middle.
      if (!path.endsWith(ending) && !path.includes(`${ending}.`)) return handle;
      return { ...bind(handle), sync: () => Promise.resolve(), syncData: () => Promise.resolve() };
    },
  };
}

/** Files whose path ends so are not there for those who read them, nor is the archive. */
function hide(files: Files, endings: readonly string[]): Files {
  return {
    ...bind(files),
    read: (path, maxBytes) => {
      if (!endings.some((ending) => path.endsWith(ending))) return files.read(path, maxBytes);
      return Promise.reject(new BarnacleError({ code: "FILE_NOT_FOUND", action: `Read ${path}` }));
    },
    list: (path) => path.endsWith("/archive") ? Promise.resolve([]) : files.list(path),
  };
}

/** What stands for a delivered message is another thing in each life of the process. */
function forgetDigests({ crypto, process }: Runtime): Crypto {
  const isKey = (data: Uint8Array | string): boolean => typeof data === "string" && /^\d+:ed25519:/.test(data);
  return { ...crypto, sha256: (data) => crypto.sha256(isKey(data) ? `${process.id} ${String(data)}` : data) };
}

/** The ids in the delivery journal are other ones in each life of the process. */
function changeIds({ files, process }: Runtime): Files {
  const start = process.id.toString(16).padStart(8, "0");
  const change = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    return Uint8Array.from(text.replaceAll(/"id":"[0-9a-f]{8}/g, `"id":"${start}`), (unit) => unit.charCodeAt(0));
  };
  return {
    ...bind(files),
    open: async (path, mode, options) => {
      const handle: FileHandle = await files.open(path, mode, options);
      if (!path.endsWith("/delivery.ndjson")) return handle;
      return { ...bind(handle), readAt: async (offset, length) => change(await handle.readAt(offset, length)) };
    },
  };
}

/** Answers a message that comes again after it was refused as if it had been delivered. */
function rememberRefused({ crypto, network, random }: Runtime, host: SimHost): Network {
  const refused = new Set<unknown>();
  return rewire(network, (say) => ({
    outgoing: (frame) => {
      const message = readFrame(frame);
      if (message?.t === "ERROR" && message.body["code"] === "RATE_LIMIT") refused.add(message.body["ref"]);
      return [frame];
    },
    incoming: (frame) => {
      const message = readFrame(frame);
      if (message?.t !== "DIRECT" || !refused.has(message.id)) return [frame];
      const body = { ref: message.id, code: "REPLAY" };
      const ts = Math.floor(host.wallMs());
      say(signerOf(host, crypto).frame({ t: "ERROR", id: random.uuid(), to: message.from, ts, body }));
      return [];
    },
  }));
}

/** Signs as the node whose identity lies on the host. */
export function signerOf(host: SimHost, crypto: Crypto): Signer {
  const base64 = (host.disk.text(`${MAIL_DIRECTORY}/identity.pem`) ?? "").replaceAll(/-----.*?-----|\s/g, "");
  const privatePkcs8 = Uint8Array.from(atob(base64), (unit) => unit.charCodeAt(0));
  const publicSpki = publicFromPrivate(privatePkcs8);
  return new Signer({ crypto }, { publicSpki, sign: crypto.ed25519Signer(privatePkcs8) });
}

/** Of two messages the second goes first. */
function swapDirects(): Wiring {
  let held: Uint8Array<ArrayBuffer> | undefined;
  return {
    outgoing: (frame) => {
      if (readFrame(frame)?.t !== "DIRECT") return [frame];
      const first = held;
      held = first === undefined ? frame : undefined;
      return first === undefined ? [] : [frame, first];
    },
  };
}

function giveUpDisk(files: Files): Files {
  let full: unknown;
  return {
    ...bind(files),
    open: async (path, mode, options) => {
      const handle = await files.open(path, mode, options);
      const write = async (data: Uint8Array): Promise<void> => {
        if (full !== undefined) throw full;
        await handle.write(data).catch((thrown: unknown) => {
          full = thrown;
          throw thrown;
        });
      };
      return { ...bind(handle), write };
    },
  };
}
