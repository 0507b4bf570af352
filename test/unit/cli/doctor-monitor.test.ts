/** Hunts: a Monitor that cannot measure, or whose port somebody else has, and a doctor that says nothing of it. */
import { describe, expect, test } from "vitest";
import { json } from "./support/answers.ts";
import { Bench } from "./support/run.ts";

interface Finding {
  readonly subject: string;
  readonly outcome: string;
  readonly message: string;
}

async function findings(bench: Bench): Promise<Finding[]> {
  await bench.run("doctor", "--json");
  const { checks } = JSON.parse(bench.output) as { readonly checks: readonly Finding[] };
  return checks.filter(({ subject }) => subject === "own monitor" || subject === "telemetry");
}

function benchWith(settings: object): Bench {
  const bench = new Bench();
  bench.runtime.files.put("/work/barnacle.json", JSON.stringify({ monitor: settings }));
  return bench;
}

describe("doctor on the Monitor", () => {
  test("says nothing where there is to be none", async () => {
    expect(await findings(new Bench())).toEqual([]);
    expect(await findings(benchWith({ enabled: "off", backendUrl: "https://x.example" }))).toEqual([]);
  });

  test("finds nothing wrong where all can be measured and the port is free", async () => {
    const found = await findings(benchWith({ enabled: "on" }));
    expect(found.map(({ outcome }) => outcome)).toEqual(["ok", "ok"]);
  });

  test("names what cannot be measured", async () => {
    const bench = benchWith({ enabled: "on" });
    const problems = [{ part: "disk", message: "Ask for the use of /host: FILE_NOT_FOUND" } as const];
    bench.runtime.hostReading = { ...bench.runtime.hostReading, disk: undefined, problems };
    const [telemetry] = await findings(bench);
    expect(telemetry).toMatchObject({ outcome: "warning", message: expect.stringContaining("FILE_NOT_FOUND") });
  });

  test("names who has the port", async () => {
    const bench = benchWith({ backendUrl: "https://x.example" });
    bench.runtime.answer = ({ url }) =>
      url === "http://127.0.0.1:9100/metrics" ? new Response("node_cpu_seconds_total 1\n") : json({}, 404);
    const [, port] = await findings(bench);
    expect(port).toMatchObject({ outcome: "warning", message: expect.stringContaining("node exporter") });
    bench.runtime.answer = () => json({ version: "1", identifier: "vps.t1" });
    bench.runtime.process.stdout.text = "";
    const [, monitor] = await findings(bench);
    expect(monitor).toMatchObject({ outcome: "ok", message: expect.stringContaining("another Monitor") });
  });
});
