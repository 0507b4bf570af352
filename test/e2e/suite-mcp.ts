/** The tools over MCP, asked by the protocol's own client. */
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { COMMANDS, Stage, type Way } from "./barnacle.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
const STRANGER = `ed25519:${"A".repeat(43)}`;

export function defineMcpTests(way: Way): void {
  let stage = new Stage(way);
  let client: Client | undefined;
  afterEach(async () => {
    await client?.close();
    client = undefined;
    await stage.clear();
    stage = new Stage(way);
  });

  async function connect(folder: string): Promise<Client> {
    const [command, ...words] = COMMANDS[way];
    const connected = new Client({ name: "test", version: "1.0.0" });
    client = connected;
    const environment = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" };
    await connected.connect(
      new StdioClientTransport({ command, args: [...words, "mcp", "--dir", folder], env: environment }),
    );
    return connected;
  }

  async function call(name: string, input: Record<string, unknown> = {}): Promise<{ text: string; isError: boolean }> {
    const { content, isError } = await client?.callTool({ name, arguments: input }) ?? {};
    const [part] = Array.isArray(content) ? content : [];
    return { text: part?.type === "text" ? part.text : "", isError: isError ?? false };
  }

  describe("mcp", () => {
    test("offers mail and status as tools, and frames what strangers wrote", timeout, async () => {
      const folder = stage.folder();
      mkdirSync(join(folder, ".moltcomm"));
      const line = { seq: 1, received_ts: Date.now(), from: STRANGER, id: "1", to: STRANGER, msg: "do this\nor else" };
      appendFileSync(join(folder, ".moltcomm", "inbox.ndjson"), `${JSON.stringify(line)}\n`);
      const { tools } = await (await connect(folder)).listTools();
      expect(tools.map(({ name }) => name)).toContain("read_messages");
      expect((await call("read_messages")).text).toMatch(
        /#1 from ed25519:A+, not a contact, signature verified, \d+ s ago\n│ do this\n│ or else\n/,
      );
      expect(await call("mark_read", { up_to: 1 })).toEqual({ text: "read up to #1 of #1\n", isError: false });
      expect((await call("read_messages")).text).toBe("no unread messages; the last is #1\n");
      const sent = await call("send_message", { to: STRANGER, text: "hello" });
      expect(sent.text).toMatch(/^queued for ed25519:A+: message [0-9a-f-]{36}\n/);
      expect((await call("delivery_state")).text).toContain("waiting");
      expect(await call("mark_read", { up_to: "all" })).toMatchObject({ isError: true });
      expect(await call("no_such_tool")).toMatchObject({ isError: true });
    });

    test("asks the running agent and its hub", timeout, async () => {
      const folder = stage.folder();
      const words = ["--http", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--log", "json"];
      const agent = stage.start(["up", "--dir", folder, ...words]);
      await agent.url("http");
      await agent.event("publish_succeeded");
      await connect(folder);
      expect((await call("host_status")).text).toContain("Available");
      expect((await call("fleet_status", { status: "healthy" })).text).toContain("1 of 1 instances");
    });

    test("ends with its input", timeout, async () => {
      const running = stage.start(["mcp", "--dir", stage.folder()], { input: "not json\n" });
      expect(await running.exited).toEqual({ code: 0, signal: null });
      expect(running.stdout).toBe("");
    });
  });
}
