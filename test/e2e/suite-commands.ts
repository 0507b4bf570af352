/** The commands as a person or a script meets them: what they print and what they exit with. */
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Stage, type Way } from "./barnacle.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };

/** Where nothing listens. Port 1 would do, but fetch refuses to ask it. */
async function closedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return `http://127.0.0.1:${port}`;
}

export function defineCommandTests(way: Way): void {
  let stage = new Stage(way);
  afterEach(async () => {
    await stage.clear();
    stage = new Stage(way);
  });

  async function startAgent() {
    const folder = stage.folder();
    const agent = stage.start(["run", "--dir", folder, "--http", "127.0.0.1:0", "--log", "json"]);
    return { agent, folder, url: await agent.url("http") };
  }

  describe("status, report and exec", () => {
    test("find the agent of the work directory by themselves", timeout, async () => {
      const { folder, url } = await startAgent();
      const words = ["report", "--dir", folder, "--reporter", "cron", "--active", "1", "--succeeded", "2"];
      expect((await stage.run(words)).exit.code).toBe(0);
      const shown = await stage.run(["status", "--dir", folder, "--json"]);
      expect(shown.exit.code).toBe(0);
      expect(JSON.parse(shown.stdout)).toMatchObject({ status: "Available", active_jobs: 1 });
      const table = await stage.run(["status", "--dir", folder]);
      expect(table.stdout).toContain("Available");
      expect(table.stdout.includes("\u001b")).toBe(false);
      expect((await fetch(`${url}/status`)).status).toBe(200);
    });

    test("status without an agent says so and exits with 3", timeout, async () => {
      const shown = await stage.run(["status", "--dir", stage.folder()], {
        environment: { BARNACLE_HTTP_LISTEN: "127.0.0.1:1" },
      });
      expect(shown.exit.code).toBe(3);
      expect(shown.stderr).toMatch(/hint/);
    });

    test("exec counts its command as active while it runs, and passes on how it ended", timeout, async () => {
      const { folder, url } = await startAgent();
      // The job starts at once and is reported right after, so it asks until it is seen.
      const ask = `(await (await fetch("${url}/status")).json()).active_jobs`;
      const script = join(folder, "job.mjs");
      writeFileSync(script, `while (${ask} !== 1);\nprocess.stdout.write("seen");\nprocess.exitCode = 7;`);
      const job = await stage.run(["exec", "--dir", folder, "--", process.execPath, script]);
      expect(job.exit.code).toBe(7);
      expect(job.stdout).toBe("seen");
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/barnacle_task_results_total\{result="failed"\} 1/);
      const { active_jobs: activeJobs } = await (await fetch(`${url}/status`)).json();
      expect(activeJobs).toBe(0);
    });

    test("exec runs its command although no agent is there", timeout, async () => {
      const words = ["exec", "--dir", stage.folder(), "--", process.execPath, "-e", "console.log('done')"];
      const job = await stage.run(words, { environment: { BARNACLE_HTTP_LISTEN: "127.0.0.1:1" } });
      expect(job.exit.code).toBe(0);
      expect(job.stdout).toBe("done\n");
      const missing = await stage.run(["exec", "--dir", stage.folder(), "--", "no-such-program-anywhere"]);
      expect(missing.exit.code).toBe(127);
    });
  });

  describe("configuration", () => {
    test("that is wrong is one message with path, value and wish, exit 2, and nothing started", timeout, async () => {
      const folder = stage.folder();
      writeFileSync(
        join(folder, "barnacle.json"),
        '{ "http": { "lisen": "x" }, "openclaw": { "intervalSeconds": "often" } }',
      );
      for (const command of ["run", "hub", "up"]) {
        const started = await stage.run([command, "--dir", folder]);
        expect(started.exit.code).toBe(2);
        expect(started.stderr).toContain("http.lisen");
        expect(started.stderr).toContain("listen");
        expect(started.stderr).toContain("openclaw.intervalSeconds");
        expect(started.stderr).toContain('"often"');
      }
      expect(existsSync(join(folder, ".barnacle"))).toBe(false);
      expect((await stage.run(["config", "check", "--dir", folder])).exit.code).toBe(2);
    });

    test(
      "with a secret file that cannot be read names the setting and its source, and shows nothing",
      timeout,
      async () => {
        const folder = stage.folder();
        const environment = { OPENCLAW_API_KEY_FILE: join(folder, "missing") };
        const started = await stage.run(["run", "--dir", folder, "--http", "127.0.0.1:0"], { environment });
        expect(started.exit.code).toBe(2);
        expect(started.stderr).toContain("openclaw.apiKey");
        expect(started.stderr).toContain("OPENCLAW_API_KEY_FILE");
      },
    );

    test(
      "is shown with where each value came from: flag over environment over file over default",
      timeout,
      async () => {
        const folder = stage.folder();
        const file = join(folder, "barnacle.json");
        writeFileSync(
          file,
          '{ // a comment\n "openclaw": { "intervalSeconds": 60, "timeoutSeconds": 7 }, "log": { "level": "warn" } }',
        );
        const shown = await stage.run(["config", "show", "--json", "--dir", folder, "--log-level", "debug"], {
          environment: { BARNACLE_OPENCLAW_INTERVAL_SECONDS: "90", BARNACLE_LOG_LEVEL: "error" },
        });
        const { settings } = JSON.parse(shown.stdout) as {
          settings: Record<string, { value: unknown; origin: string }>;
        };
        const row = (path: string) => settings[path];
        expect(row("openclaw.intervalSeconds")).toMatchObject({ value: 90 });
        expect(row("openclaw.intervalSeconds")?.origin).toContain("BARNACLE_OPENCLAW_INTERVAL_SECONDS");
        expect(row("openclaw.timeoutSeconds")?.origin).toContain("barnacle.json");
        expect(row("log.level")).toMatchObject({ value: "debug" });
        expect(row("http.listen")?.origin).toContain("default");
      },
    );
  });

  describe("two at once", () => {
    test("on one directory: the second is refused, the first unharmed", timeout, async () => {
      const { folder, url } = await startAgent();
      const second = await stage.run(["run", "--dir", folder, "--http", "127.0.0.1:0"]);
      expect(second.exit.code).not.toBe(0);
      expect(second.stderr).toMatch(/another/i);
      expect((await fetch(`${url}/status`)).status).toBe(200);
    });

    test("a directory is free again after its agent was killed with -9", timeout, async () => {
      const { agent, folder } = await startAgent();
      await agent.stop("SIGKILL");
      const second = stage.start(["run", "--dir", folder, "--http", "127.0.0.1:0", "--log", "json"]);
      await second.url("http");
    });

    test("on one port: the second names the port and how to find its holder", timeout, async () => {
      const server = createServer();
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
      const { port } = server.address() as AddressInfo;
      const second = await stage.run(["run", "--dir", stage.folder(), "--http", `127.0.0.1:${port}`]);
      expect(second.exit.code).not.toBe(0);
      expect(second.stderr).toContain(String(port));
      expect(second.stderr).toMatch(/hint/);
      server.close();
    });
  });

  describe("the rest", () => {
    test("version says what this is", timeout, async () => {
      const { stdout, exit } = await stage.run(["version"]);
      expect(exit.code).toBe(0);
      expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
      const verbose = await stage.run(["version", "--verbose"]);
      expect(verbose.stdout).toMatch(/commit/i);
      if (way === "binary") expect(verbose.stdout).toContain("hono");
    });

    test("a word nobody knows is usage: exit 2 with the nearest known", timeout, async () => {
      const { exit, stderr } = await stage.run(["stauts"]);
      expect(exit.code).toBe(2);
      expect(stderr).toContain("status");
    });

    test("doctor finds what is wrong and says what to do", timeout, async () => {
      const folder = stage.folder();
      const well = await stage.run(["doctor", "--dir", folder], {
        environment: { BARNACLE_HTTP_LISTEN: "127.0.0.1:0" },
      });
      expect(well.exit.code).toBe(0);
      const ill = await stage.run(["doctor", "--dir", folder, "--json"], {
        environment: { BARNACLE_HTTP_LISTEN: "127.0.0.1:0", OPENCLAW_BASE_URL: await closedUrl() },
      });
      expect(ill.exit.code).toBe(1);
      const { checks } = JSON.parse(ill.stdout) as { checks: { subject: string; outcome: string; advice?: string }[] };
      expect(checks.find((check) => check.subject === "receiver")).toMatchObject({
        outcome: "failure",
        advice: expect.stringContaining("check address and port"),
      });
    });

    test("completions are printed for each shell", timeout, async () => {
      for (const shell of ["bash", "zsh", "fish"]) {
        const { stdout, exit } = await stage.run(["completions", shell]);
        expect(exit.code).toBe(0);
        expect(stdout).toContain("barnacle");
      }
    });
  });
}
