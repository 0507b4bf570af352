/**
 * Hunts: a scratch that somebody else wrote and that is lost, one that is left empty and silences the heartbeat, a session that hangs or
 * shows its token, a skill of somebody else's that is written over.
 */
import { describe, expect, test } from "vitest";
import { isBarnacleError } from "../../../src/errors.ts";
import { Secret } from "../../../src/log/mod.ts";
import {
  editScratch,
  managedSkillText,
  placeManagedSkill,
  removeManagedSkill,
  type Socket,
  withGatewaySession,
} from "../../../src/openclaw/instructions/mod.ts";
import { SimClock } from "../../sim/clock.ts";
import { SeededRandom } from "../../sim/random.ts";
import { MemoryFiles } from "../store/support/memory-files.ts";
import { Automations } from "./automations.ts";
import { makeGateway } from "./waking/support.ts";

async function codeOf(act: Promise<unknown>): Promise<string> {
  return await act.then(() => "none", (thrown: unknown) => isBarnacleError(thrown) ? thrown.code : String(thrown));
}

describe("editScratch", () => {
  const append = (text: string | undefined) => text?.includes("ours") === true ? text : `${text ?? ""}ours`;

  test("makes one where there was none, and writes nothing the second time", async () => {
    const automations = new Automations();
    expect(await editScratch(automations.call, "main", append)).toBe("changed");
    expect(await editScratch(automations.call, "main", append)).toBe("unchanged");
    expect([automations.content, automations.writes]).toEqual(["ours", 1]);
  });

  test("keeps what somebody wrote in between, and takes its own out again", async () => {
    const automations = new Automations();
    automations.content = "mine ";
    const rivals = ["theirs "];
    automations.rival = () => rivals.shift();
    expect(await editScratch(automations.call, "main", append)).toBe("changed");
    expect(automations.content).toBe("theirs ours");
    await editScratch(automations.call, "main", (text) => text?.replace("ours", ""));
    expect(automations.content).toBe("theirs ");
    await editScratch(automations.call, "main", () => undefined);
    expect(automations.content).toBeUndefined();
  });

  test("gives up where somebody writes all the time, and where the agent has no heartbeat", async () => {
    const automations = new Automations();
    automations.rival = () => `${automations.revision}`;
    expect(await codeOf(editScratch(automations.call, "main", append))).toBe("REJECTED");
    expect(automations.writes).toBe(0);
    expect(await codeOf(editScratch(automations.call, "helper", append))).toBe("NOT_FOUND");
  });
});

/** The gateway's end of a WebSocket, by what it answers to a method. */
class FakeSocket {
  readonly sent: Record<string, unknown>[] = [];
  isClosed = false;
  readonly #listeners = new Map<string, (event: unknown) => void>();
  readonly #answer: (method: unknown) => Record<string, unknown> | undefined;

  constructor(answer: (method: unknown) => Record<string, unknown> | undefined) {
    this.#answer = answer;
  }

  readonly socket = {
    addEventListener: (name: string, listener: (event: unknown) => void) => void this.#listeners.set(name, listener),
    close: () => void (this.isClosed = true),
    send: (text: string) => {
      const frame = JSON.parse(text) as Record<string, unknown>;
      this.sent.push(frame);
      const answer = this.#answer(frame["method"]);
      if (answer !== undefined) this.receive(JSON.stringify({ type: "res", id: frame["id"], ...answer }));
    },
  } as unknown as Socket;

  receive(data: unknown): void {
    this.#listeners.get("message")?.({ data });
  }

  emit(name: string, event: unknown = {}): void {
    this.#listeners.get(name)?.(event);
  }
}

describe("withGatewaySession", () => {
  const TOKEN = "operator-token";
  const challenge = JSON.stringify({ type: "event", event: "connect.challenge", payload: { nonce: "n" } });

  function open(answer: (method: unknown) => Record<string, unknown> | undefined) {
    const clock = new SimClock();
    const far = new FakeSocket(answer);
    const urls: string[] = [];
    const openSocket = (url: string) => {
      urls.push(url);
      return far.socket;
    };
    const result = withGatewaySession(
      { clock, openSocket },
      makeGateway(),
      new Secret(TOKEN),
      (call) => call("cron.list", {}),
    );
    return { clock, far, result, urls };
  }

  test("speaks protocol 4 with the operator's token and closes behind it", async () => {
    const { far, result, urls } = open((method) => ({ ok: true, payload: { method } }));
    far.receive("no frame");
    far.receive(challenge);
    expect(await result).toEqual({ method: "cron.list" });
    expect(urls).toEqual(["ws://127.0.0.1:18789"]);
    expect(far.sent[0]).toMatchObject({
      method: "connect",
      params: {
        minProtocol: 4,
        maxProtocol: 4,
        client: { id: "gateway-client", mode: "backend" },
        auth: { token: TOKEN },
      },
    });
    expect(far.isClosed).toBe(true);
  });

  test("says what the gateway says when it refuses, without the token", async () => {
    const { far, result } = open(() => ({ ok: false, error: { code: "X", message: "gateway token mismatch" } }));
    far.receive(challenge);
    const error = await result.catch((thrown: unknown) => thrown);
    expect(isBarnacleError(error) && [error.code, error.message.includes("gateway token mismatch")]).toEqual([
      "REJECTED",
      true,
    ]);
    expect(String(error)).not.toContain(TOKEN);
  });

  test("ends when nobody is there, the gateway closes, or nothing comes", async () => {
    const refused = open(() => undefined);
    refused.far.emit("error");
    expect(await codeOf(refused.result)).toBe("CONNECTION_REFUSED");
    for (
      const [code, remedy] of [[1008, "OPENCLAW_GATEWAY_TOKEN"], [1002, "another protocol"], [1006, undefined]] as const
    ) {
      const closed = open(() => undefined);
      closed.far.receive(challenge);
      closed.far.emit("close", { code });
      const error = await closed.result.catch((thrown: unknown) => thrown);
      expect(isBarnacleError(error) && [error.code, error.hint]).toEqual([
        "CONNECTION_CLOSED",
        remedy === undefined ? undefined : expect.stringContaining(remedy),
      ]);
    }
    const hung = open(() => undefined);
    hung.far.receive(challenge);
    const code = codeOf(hung.result);
    await hung.clock.advance(16_000);
    expect(await code).toBe("TIMED_OUT");
  });
});

describe("the managed skill", () => {
  const STATE = "/home/ann/.openclaw";
  const FILE = `${STATE}/skills/barnacle/SKILL.md`;

  function setUp() {
    const files = new MemoryFiles();
    files.putDirectory(STATE);
    return { files, ports: { files, random: new SeededRandom(1) } };
  }

  test("is put there once, brought up to date, and taken away without a trace", async () => {
    const { files, ports } = setUp();
    const text = managedSkillText("main", "/work");
    expect(text).toMatch(/^---\nname: barnacle\ndescription: .+\n---\n/);
    expect(text).toContain("/work/.moltcomm/inbox.ndjson");
    expect(await placeManagedSkill(ports, STATE, text)).toBe("made");
    expect(await placeManagedSkill(ports, STATE, text)).toBe("unchanged");
    expect(await placeManagedSkill(ports, STATE, `${text}more\n`)).toBe("changed");
    expect(await removeManagedSkill(ports, STATE, text)).toBe(true);
    expect(files.paths()).toEqual([]);
    expect(await removeManagedSkill(ports, STATE, text)).toBe(false);
  });

  test("in a read-only skill folder says whose folder it is and what else helps, with nothing half written", async () => {
    const { files, ports } = setUp();
    files.fault = (operation) =>
      /^(makeDirectory|open|write|rename).*skills/.test(operation) ? "PERMISSION_DENIED" : undefined;
    const error = await placeManagedSkill(ports, STATE, managedSkillText("main", "/work")).catch((thrown: unknown) =>
      thrown
    );
    expect(isBarnacleError(error) && [error.code, error.hint]).toEqual([
      "PERMISSION_DENIED",
      expect.stringMatching(/as the user whose gateway it is, or install the plugin/),
    ]);
    expect(files.paths()).toEqual([]);
  });

  test("of an agent in a sandbox names the paths in there, and none of the host's commands", () => {
    const text = managedSkillText("main", "/work", "/workspace/.moltcomm");
    expect(text).toContain("Its mail lies in `/work/.moltcomm`.\nIn its sandbox that is `/workspace/.moltcomm`.");
    expect(text).toContain("Read `/workspace/.moltcomm/inbox.cursor`");
    expect(text).not.toContain("--dir");
  });

  test("of somebody else, or for another directory, is left", async () => {
    for (const present of ["---\nname: barnacle\n---\n", managedSkillText("main", "/other")]) {
      const { files, ports } = setUp();
      files.put(FILE, present);
      const text = managedSkillText("main", "/work");
      expect(await placeManagedSkill(ports, STATE, text)).toBe("foreign");
      expect(await removeManagedSkill(ports, STATE, text)).toBe(false);
      expect(files.text(FILE)).toBe(present);
    }
  });
});
