/**
 * Stands between two nodes and makes trouble by a seeded plan: frames are dropped, delayed, doubled or put behind the next one,
 * connections are cut in the middle of a frame, bytes trickle. It reads the length prefix and nothing else.
 *
 *     {"do":"open","ask":1,"to":"tcp://127.0.0.1:9001","plan":{"seed":7,"drop":0.05}}
 *     {"do":"counts","ask":2}
 *
 * A plan: `seed`; the chance for each frame to be hit by `drop`, `delay`, `duplicate`, `reorder`, `cut`; `bytesPerSecond`.
 */
import { Buffer } from "node:buffer";
import { connect, createServer } from "node:net";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { serveLines } from "./lines.mjs";
import { FrameReader, readAddress } from "./wire.mjs";

const DELAY_MS_MAX = 40;
/** A frame that waits for a next one to overtake it does not wait longer. */
const REORDER_MS_MAX = 30;
const TRICKLE_BYTES = 997;
const FRAME_BYTES_MAX = 67_108_864;

/** A small seeded generator (mulberry32), numbers in [0, 1). */
function drawer(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One direction of one connection. Frames go through one after the other; each can be hit. */
class Lane {
  #queue = [];
  #isBusy = false;
  #overtaken = undefined;

  constructor({ from, into, plan, draw, counts, cut }) {
    Object.assign(this, { from, into, plan, draw, counts, cut });
    const reader = new FrameReader(FRAME_BYTES_MAX);
    from.on("data", (chunk) => {
      for (const body of reader.push(chunk)) {
        const frame = Buffer.alloc(4 + body.length);
        frame.writeUInt32BE(body.length, 0);
        body.copy(frame, 4);
        this.#queue.push(frame);
      }
      void this.#drain();
    });
  }

  async #drain() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let frame = this.#queue.shift(); frame !== undefined; frame = this.#queue.shift()) await this.#pass(frame);
    this.#isBusy = false;
  }

  #hits(trouble) {
    if (this.draw() >= (this.plan[trouble] ?? 0)) return false;
    this.counts[trouble] += 1;
    return true;
  }

  async #pass(frame) {
    this.counts.frames += 1;
    if (this.#hits("drop")) return;
    if (this.#hits("cut")) {
      await this.#write(frame.subarray(0, Math.floor(frame.length * this.draw())));
      return this.cut();
    }
    if (this.#hits("delay")) await pause(this.draw() * DELAY_MS_MAX);
    if (this.#overtaken === undefined && this.#hits("reorder")) {
      this.#overtaken = frame;
      setTimeout(() => this.#letOvertakenGo(), REORDER_MS_MAX);
      return;
    }
    await this.#write(frame);
    if (this.#hits("duplicate")) await this.#write(frame);
    this.#letOvertakenGo();
  }

  #letOvertakenGo() {
    const frame = this.#overtaken;
    this.#overtaken = undefined;
    if (frame !== undefined) void this.#write(frame);
  }

  async #write(bytes) {
    const { bytesPerSecond } = this.plan;
    if (bytesPerSecond === undefined) return void this.into.write(bytes);
    for (let from = 0; from < bytes.length; from += TRICKLE_BYTES) {
      const part = bytes.subarray(from, from + TRICKLE_BYTES);
      this.into.write(part);
      this.counts.trickled += 1;
      await pause(1_000 * part.length / bytesPerSecond);
    }
  }
}

/** Opens a way to `to`. @returns its address and what it has done so far */
export async function openProxy({ to, plan = {} }) {
  const counts = { connections: 0, frames: 0, drop: 0, delay: 0, duplicate: 0, reorder: 0, cut: 0, trickled: 0 };
  const draw = drawer(plan.seed ?? 1);
  const sockets = new Set();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    counts.connections += 1;
    const far = connect({ ...readAddress(to), allowHalfOpen: true });
    const cut = () => [near, far].forEach((socket) => socket.destroy());
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      // What went wrong shows in the `close` that follows.
      socket.on("error", cut);
      socket.on("close", () => {
        sockets.delete(socket);
        cut();
      });
    }
    near.on("end", () => far.end());
    far.on("end", () => near.end());
    new Lane({ from: near, into: far, plan, draw, counts, cut });
    new Lane({ from: far, into: near, plan, draw, counts, cut });
  });
  await new Promise((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  return {
    address: `tcp://127.0.0.1:${server.address().port}`,
    counts,
    cut: () => sockets.forEach((one) => one.destroy()),
    plan,
  };
}

function commands() {
  const opened = [];
  return {
    /** `to`, `plan`. Gives the address to connect to. */
    open: async (options) => {
      const proxy = await openProxy(options);
      opened.push(proxy);
      return proxy.address;
    },
    /** What was done so far, of each proxy in the order of opening. */
    counts: () => opened.map((proxy) => proxy.counts),
    /** Cuts every connection now. */
    cut: () => opened.forEach((proxy) => proxy.cut()),
    /** Ends all trouble: from now on everything passes. */
    heal: () => opened.forEach(({ plan }) => Object.keys(plan).forEach((key) => delete plan[key])),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) serveLines(commands());
