/** Receivers as bad as they come: each gets one clear event with a hint, and the agent lives on. */
import { afterEach, describe, expect, test } from "vitest";
import { selfSigned } from "../support/certificates.ts";
import { Stage, type Way } from "./barnacle.ts";
import { accept, always, Receiver } from "./receiver.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };

export function defineReceiverTests(way: Way): void {
  let stage = new Stage(way);
  let receiver = new Receiver();
  afterEach(async () => {
    await stage.clear();
    await receiver.stop();
    stage = new Stage(way);
    receiver = new Receiver();
  });

  function startAgent(baseUrl: string, environment: Record<string, string> = {}) {
    return stage.start(["run", "--dir", stage.folder(), "--http", "127.0.0.1:0", "--log", "json"], {
      environment: {
        OPENCLAW_BASE_URL: baseUrl,
        OPENCLAW_API_KEY: "an-ordinary-key",
        ...environment,
      },
    });
  }

  async function expectFailure(agent: ReturnType<typeof startAgent>, code: string): Promise<void> {
    const failed = await agent.event("publish_failed");
    expect(failed["error"]).toMatchObject({ code });
    expect((failed["error"] as { hint: string }).hint).toMatch(/\w/);
    expect((await fetch(`${await agent.url("http")}/status`)).status).toBe(200);
    expect((await agent.stop()).code).toBe(0);
  }

  describe("a receiver that", () => {
    test("is down is named", timeout, async () => {
      const url = await receiver.open();
      await receiver.stop();
      await expectFailure(startAgent(url), "CONNECTION_REFUSED");
    });

    test("never answers is timed out", timeout, async () => {
      receiver.behave = () => undefined;
      const agent = startAgent(await receiver.open(), { BARNACLE_OPENCLAW_TIMEOUT_SECONDS: "1" });
      await expectFailure(agent, "TIMED_OUT");
    });

    test("answers HTML with 200, as a stock OpenClaw gateway does, has not accepted", timeout, async () => {
      receiver.behave = always(200, { "content-type": "text/html" }, "<!doctype html><title>Control</title>");
      await expectFailure(startAgent(await receiver.open()), "ANSWER_INVALID");
    });

    test("redirects to another host gets the key, and the other host nothing", timeout, async () => {
      const other = new Receiver();
      const elsewhere = await other.open();
      receiver.behave = always(307, { location: `${elsewhere}/openclaw/status` }, "");
      await expectFailure(startAgent(await receiver.open()), "REDIRECT_REFUSED");
      expect(other.publications).toEqual([]);
      await other.stop();
    });

    test(
      "has a certificate nobody vouches for is refused, and believed once its authority is configured",
      timeout,
      async () => {
        const { authorityFile, server } = await selfSigned(stage.folder());
        const url = await receiver.open({ cert: server.certPem, key: server.keyPem });
        await expectFailure(startAgent(url), "CERTIFICATE_INVALID");
        const agent = startAgent(url, { BARNACLE_OPENCLAW_CA_FILE: authorityFile });
        await agent.event("publish_succeeded");
        expect((await agent.stop()).code).toBe(0);
      },
    );

    test("sends 10 MB is cut off", timeout, async () => {
      receiver.behave = always(202, { "content-type": "application/json" }, `"${"x".repeat(10_000_000)}"`);
      await expectFailure(startAgent(await receiver.open()), "ANSWER_TOO_LARGE");
    });

    test("says 401 is reported once as an error with a hint", timeout, async () => {
      receiver.behave = always(401, { "content-type": "application/json" }, "{}");
      await expectFailure(startAgent(await receiver.open()), "UNAUTHORIZED");
    });

    test("comes back is told the truth by one beat", timeout, async () => {
      receiver.behave = always(503, { "content-type": "text/plain" }, "not now");
      const agent = startAgent(await receiver.open());
      await agent.event("publish_failed");
      receiver.behave = accept;
      await agent.event("publish_recovered");
      expect(receiver.publications.at(-1)?.document.health.status).toBe("healthy");
      await agent.stop();
    });
  });
}
