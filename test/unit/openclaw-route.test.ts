/** Hunts: what a plugin in a gateway tells, taken although it is wrong, too long, or there is nobody yet to take it. */
import { describe, expect, test } from "vitest";
import type { OpenClawMetadataPush } from "../../src/contract/mod.ts";
import { METADATA_BYTES_MAX } from "../../src/limits.ts";
import { type MetadataTaker, openClawRoute } from "../../src/openclaw-route.ts";
import { makeAppBench } from "./http/support.ts";

function setUp(find?: () => MetadataTaker | undefined) {
  const taken: OpenClawMetadataPush[] = [];
  const taker: MetadataTaker = { pushed: (metadata) => void taken.push(metadata) };
  const { app } = makeAppBench([openClawRoute(find ?? (() => taker))]);
  const post = async (body: string, type = "application/json") => {
    const request = new Request("http://127.0.0.1/openclaw", {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
    const answer = await app.fetch(request, { remoteHost: "127.0.0.1" });
    return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) };
  };
  return { post, taken };
}

describe("POST /openclaw of the agent", () => {
  test("takes what the plugin tells, and leaves out what is not its own", async () => {
    const { post, taken } = setUp();
    const told = { version: "OpenClaw 2026.9.6 (eb377ac)", plugin_version: "0.2.0", agents: [{ id: "main" }] };
    expect(await post(JSON.stringify({ ...told, prompt: "secret" }))).toMatchObject({
      status: 200,
      body: { status: "ok" },
    });
    expect(taken).toEqual([told]);
  });

  test.each([
    ["a version that is no text", '{"version":7}', "version"],
    ["agents that are no list", '{"agents":{"id":"main"}}', "agents"],
    ["an agent that is no object", '{"agents":["main"]}', "agents"],
    ["a version of several lines", '{"version":"a\\nb"}', "version"],
    ["an event longer than any", JSON.stringify({ event: "x".repeat(300) }), "event"],
  ])("answers 400 with the field for %s", async (_what, text, field) => {
    const { post, taken } = setUp();
    const { body, status } = await post(text);
    expect([status, String(body.error.field).split(/[.[]/)[0]]).toEqual([400, field]);
    expect(taken).toEqual([]);
  });

  test("answers 400 for what is no JSON, or no object", async () => {
    const { post, taken } = setUp();
    for (const text of ["{", "", "[]", "7"]) expect((await post(text)).status).toBe(400);
    expect(taken).toEqual([]);
  });

  test("answers 413 for more than any gateway tells", async () => {
    const { post, taken } = setUp();
    const agents = (bytes: number) => JSON.stringify({ agents: [{ id: "x".repeat(bytes) }] });
    expect((await post(agents(METADATA_BYTES_MAX))).status).toBe(413);
    expect(taken).toEqual([]);
    expect((await post(agents(METADATA_BYTES_MAX - 100))).status).toBe(200);
  });

  test("answers 503, and when to come again, while the agent is starting", async () => {
    const { post } = setUp(() => undefined);
    const { body, headers, status } = await post("{}");
    expect([status, headers.get("retry-after"), body.error.code]).toEqual([503, "1", "UNAVAILABLE"]);
  });
});
