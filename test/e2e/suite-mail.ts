/** Mail as a process meets it: keys others can read, two daemons, taken ports, a directory that cannot be written. */
import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Running, Stage, type Way } from "./barnacle.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };

export function defineMailTests(way: Way): void {
  let stage = new Stage(way);
  afterEach(async () => {
    await stage.clear();
    stage = new Stage(way);
  });

  async function prepare(): Promise<{ readonly folder: string; readonly nodeId: string }> {
    const folder = stage.folder();
    expect((await stage.run(["init", "--dir", folder])).exit.code).toBe(0);
    const { stdout } = await stage.run(["id", "--json", "--dir", folder]);
    return { folder, nodeId: (JSON.parse(stdout) as { readonly node_id: string }).node_id };
  }

  function startAgent(folder: string, more: readonly string[] = ["--listen", "tcp://127.0.0.1:0"]): Running {
    return stage.start(["run", "--dir", folder, "--http", "127.0.0.1:0", "--log", "json", ...more]);
  }

  const moltcomm = async (agent: Running) => (await agent.url("moltcomm")).replace("http", "tcp");
  const inboxOf = (folder: string) => join(folder, ".moltcomm", "inbox.ndjson");

  describe("mail", () => {
    test("survives kill -9 of the recipient: sent while it is away, there once when it is back", timeout, async () => {
      const [a, b] = [await prepare(), await prepare()];
      const first = startAgent(b.folder);
      const address = await moltcomm(first);
      const sender = startAgent(a.folder, ["--listen", "tcp://127.0.0.1:0", "--bootstrap", address]);
      await sender.url("http");
      await stage.run(["send", "--dir", a.folder, "--wait", b.nodeId, "one"]);
      await first.stop("SIGKILL");
      await stage.run(["send", "--dir", a.folder, b.nodeId, "two"]);
      await sender.event("recipient_unreachable");
      startAgent(b.folder, ["--listen", address]);
      await sender.event("recipient_reached");
      const waited = await stage.run(["send", "--dir", a.folder, "--wait", b.nodeId, "three"]);
      expect(waited.exit.code).toBe(0);
      const lines = readFileSync(inboxOf(b.folder), "utf8").trim().split("\n");
      expect(lines.map((line) => JSON.parse(line) as { readonly seq: number; readonly msg: string })).toMatchObject([
        { seq: 1, msg: "one" },
        { seq: 2, msg: "two" },
        { seq: 3, msg: "three" },
      ]);
      await sender.stop();
    });

    test("does not start with a key that others can read, and says how to mend it", timeout, async () => {
      const { folder } = await prepare();
      const key = join(folder, ".moltcomm", "identity.pem");
      chmodSync(key, 0o644);
      const refused = startAgent(folder);
      expect((await refused.exited).code).not.toBe(0);
      expect(refused.stderr).toContain(`chmod 600`);
      chmodSync(key, 0o600);
      await startAgent(folder).url("moltcomm");
    });

    test("has one daemon a directory: the second is refused, the first goes on", timeout, async () => {
      const { folder } = await prepare();
      const first = startAgent(folder);
      const url = await first.url("http");
      expect((await startAgent(folder).exited).code).toBe(5);
      expect((await fetch(`${url}/status`)).status).toBe(200);
    });

    test(
      "takes a free port when nobody chose the one that is taken, and stops when somebody did",
      timeout,
      async () => {
        const { folder } = await prepare();
        const holder = createServer().listen(0, "127.0.0.1");
        await new Promise((listening) => holder.once("listening", listening));
        const taken = holder.address() as { readonly port: number };
        const refused = startAgent(folder, ["--listen", `tcp://127.0.0.1:${taken.port}`]);
        expect((await refused.exited).code).toBe(5);
        expect(refused.stderr).toContain(String(taken.port));
        const [one, other] = [startAgent(folder, []), startAgent((await prepare()).folder, [])];
        expect(await moltcomm(one)).not.toBe(await moltcomm(other));
        holder.close();
      },
    );

    test("starts anew from a deleted inbox with the next number", timeout, async () => {
      const [a, b] = [await prepare(), await prepare()];
      const recipient = startAgent(b.folder);
      const sender = startAgent(a.folder, ["--listen", "tcp://127.0.0.1:0", "--bootstrap", await moltcomm(recipient)]);
      await sender.url("http");
      await stage.run(["send", "--dir", a.folder, "--wait", b.nodeId, "one"]);
      rmSync(inboxOf(b.folder));
      await stage.run(["send", "--dir", a.folder, "--wait", b.nodeId, "two"]);
      const kept = JSON.parse(readFileSync(inboxOf(b.folder), "utf8")) as { readonly seq: number };
      expect(kept.seq).toBe(2);
    });

    test("rejects what an agent wrote wrongly, and sends what stands behind it", timeout, async () => {
      const [a, b] = [await prepare(), await prepare()];
      const recipient = startAgent(b.folder);
      const sender = startAgent(a.folder, ["--listen", "tcp://127.0.0.1:0", "--bootstrap", await moltcomm(recipient)]);
      await sender.url("http");
      const outbox = join(a.folder, ".moltcomm", "outbox.ndjson");
      appendFileSync(outbox, `{"to": nobody}\r\n{"to":"${b.nodeId}","msg":"behind",},\r\n`);
      expect((await stage.run(["send", "--dir", a.folder, "--wait", b.nodeId, "last"])).exit.code).toBe(0);
      expect(readFileSync(inboxOf(b.folder), "utf8")).toContain('"behind"');
      expect(readFileSync(join(a.folder, ".moltcomm", "outbox.rejected.ndjson"), "utf8")).toContain('"line":1');
    });

    test("is off when it is switched off", timeout, async () => {
      const folder = stage.folder();
      writeFileSync(join(folder, "barnacle.json"), JSON.stringify({ moltcomm: { enabled: false } }));
      const agent = startAgent(folder, []);
      const url = await agent.url("http");
      expect((await fetch(`${url}/mail/peers`)).status).toBe(404);
      expect(existsSync(join(folder, ".moltcomm"))).toBe(false);
    });
  });
}
