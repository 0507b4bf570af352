/** Hunts: an init that changes something twice or in silence, a removal under a running agent, a directory made by a typing error. */
import { existsSync, readdirSync } from "node:fs";
import { createRuntime } from "#runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MailBench } from "./support/mail-bench.ts";

let bench: MailBench;
beforeEach(() => void (bench = new MailBench()));
afterEach(() => bench.remove());

describe("init", () => {
  test("makes a directory ready, says what it did, and changes nothing the second time", async () => {
    const first = await bench.run("init");
    expect(first.exit).toBe(0);
    expect(first.output).toMatch(/^made +\.moltcomm\//);
    expect(first.output).toMatch(/this host is ed25519:[\w-]{43}/);
    expect([bench.mode(".moltcomm"), bench.mode(".moltcomm/identity.pem")]).toEqual([0o700, 0o600]);
    expect([bench.text(".moltcomm/.gitignore"), bench.text(".moltcomm/outbox.ndjson")]).toEqual(["*\n", ""]);
    const before = [bench.text("HEARTBEAT.md"), bench.text("SKILL_IMPL.md"), bench.text(".moltcomm/identity.pem")];
    const second = await bench.run("init");
    expect(second.output.trimEnd().split("\n").map((line) => line.split(" ")[0])).toEqual([
      ...Array.from({ length: 6 }, () => "there"),
      "ready,",
    ]);
    expect([bench.text("HEARTBEAT.md"), bench.text("SKILL_IMPL.md"), bench.text(".moltcomm/identity.pem")]).toEqual(
      before,
    );
  });

  test("gives 1 and says what to do when one thing fails, and does the rest", async () => {
    bench.put("HEARTBEAT.md", "<!-- MOLTCOMM:END -->\n", 0o644);
    const { exit, output } = await bench.run("init");
    expect(exit).toBe(1);
    expect(output).toMatch(/^failed +HEARTBEAT\.md/m);
    expect(output).toContain("-> the other marker is missing");
    expect(bench.has("SKILL_IMPL.md")).toBe(true);
    const { steps } = JSON.parse((await bench.run("init", "--json")).output);
    const failed = steps.filter((step: { outcome: string }) => step.outcome === "failed");
    expect(failed).toEqual([
      expect.objectContaining({ path: "HEARTBEAT.md", hint: expect.stringContaining("line 1") }),
    ]);
  });

  test("makes no directory that is not there", async () => {
    const { exit, errors } = await bench.runIn(bench.path("typo"), "init");
    expect([exit, existsSync(bench.path("typo"))]).toEqual([1, false]);
    expect(errors).toContain("hint: create it");
  });
});

describe("init --remove", () => {
  test("gives the directory back as it was", async () => {
    bench.put("HEARTBEAT.md", "# Mine\n\nLook after the garden.\n", 0o644);
    await bench.run("init");
    expect((await bench.run("init", "--remove")).exit).toBe(0);
    expect(readdirSync(bench.directory)).toEqual(["HEARTBEAT.md"]);
    expect(bench.text("HEARTBEAT.md")).toBe("# Mine\n\nLook after the garden.\n");
    expect((await bench.run("init", "--remove")).output).toBe("nothing to take out\n");
    expect(readdirSync(bench.directory)).toEqual(["HEARTBEAT.md"]);
  });

  test("is refused while an agent runs, with nothing taken out", async () => {
    await bench.run("init");
    const lock = await createRuntime().files.lock(bench.path(".barnacle/lock"));
    const { exit, errors } = await bench.run("init", "--remove");
    await lock.release();
    expect(exit).toBe(5);
    expect(errors).toContain("hint: stop the agent");
    expect(bench.has("SKILL_IMPL.md")).toBe(true);
  });

  test("leaves an identity with contacts, and an instance's id, and says why", async () => {
    await bench.run("init");
    bench.put(".moltcomm/contacts.json", '{"contacts": []}');
    bench.put(".barnacle/instance.json", "{}");
    const { exit, output } = await bench.run("init", "--remove");
    expect(exit).toBe(0);
    expect(output).toMatch(/^left +\.moltcomm\/ .*contacts\.json/m);
    expect(output).toMatch(/^left +\.barnacle\/ .*instance\.json/m);
    expect([bench.has(".moltcomm/identity.pem"), bench.has(".barnacle/instance.json")]).toEqual([true, true]);
  });
});
