/** Hunts: signals that kill instead of being handled, output lost at exit, input without a bound. */
import assert from "node:assert/strict";
import type { ContractCase, ContractContext, HostCommand, RunningProgram } from "./case.ts";
import { bytesOf, pass, rejectsWith, until, WAIT_MS, within } from "./helpers.ts";

const MIB = 1024 * 1024;

async function linesOf(program: RunningProgram): Promise<string[]> {
  return (await program.rest()).split("\n").filter((line) => line !== "");
}

const signals: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "onSignal is told of each signal in place of the platform's default",
    async run(context) {
      const program = await context.start("say-caught-signals");
      assert.equal(await program.line(), "ready");
      program.kill("SIGHUP");
      assert.equal(await program.line(), "SIGHUP");
      program.kill("SIGINT");
      assert.equal(await program.line(), "SIGINT");
      program.kill("SIGHUP");
      assert.equal(await program.line(), "SIGHUP");
      program.kill("SIGTERM");
      assert.equal(await program.line(), "SIGTERM");
      assert.deepEqual(await program.ended, { code: 0 });
    },
  },
  {
    name: "onSignal's function brings the platform's default back",
    async run(context) {
      const program = await context.start("let-go-of-signal");
      assert.equal(await program.line(), "ready");
      program.kill("SIGTERM");
      assert.equal(await program.line(), "caught");
      program.kill("SIGTERM");
      assert.deepEqual(await program.ended, { signal: "SIGTERM" });
    },
  },
  {
    name: "onUncaught is told of what nobody caught, and the process lives on",
    async run(context) {
      const program = await context.start("throw-uncaught");
      assert.deepEqual(await linesOf(program), ["uncaught from a timer", "uncaught from a promise", "alive"]);
      assert.deepEqual(await program.ended, { code: 0 });
    },
  },
  {
    name: "an error that nobody catches ends a process that did not ask for it",
    async run(context) {
      const program = await context.start("throw-unhandled");
      const ended = await program.ended;
      assert.ok("code" in ended && ended.code !== 0, JSON.stringify(ended));
    },
  },
];

const streams: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "exit ends with its code after all output has left",
    async run(context) {
      const program = await context.start("exit-after-output", { arguments: ["3", String(2 * MIB)] });
      assert.equal((await program.rest()).length, 2 * MIB);
      assert.deepEqual(await program.ended, { code: 3 });
    },
  },
  {
    name: "a reader of standard output that went away is no error",
    async run(context) {
      const program = await context.start("write-to-nobody");
      assert.equal(await program.line(), "ready");
      program.closeOutput();
      assert.deepEqual(await program.ended, { code: 0 });
      assert.equal(await program.errorOutput(), "survived\n");
    },
  },
  {
    name: "readStandardInput gives all bytes up to its bound",
    async run(context) {
      const input = new Uint8Array(200_000).map((_byte, index) => index % 256);
      const program = await context.start("read-input", { arguments: ["200000"] });
      program.input(input.subarray(0, 70_000));
      program.input(input.subarray(70_000));
      program.endInput();
      const sum = input.reduce((total, byte) => (total + byte) % 65_521, 0);
      assert.equal(await program.line(), `read 200000 ${sum}`);
      const empty = await context.start("read-input", { arguments: ["10"] });
      empty.endInput();
      assert.equal(await empty.line(), "read 0 0");
    },
  },
  {
    name: "readStandardInput refuses more than its bound without waiting for the end",
    async run(context) {
      const program = await context.start("read-input", { arguments: ["1000"] });
      program.input(bytesOf("x".repeat(1001)));
      assert.equal(await program.line(), "BODY_TOO_LARGE");
      assert.deepEqual(await program.ended, { code: 0 });
    },
  },
  {
    name: "arguments and environment are what the process was started with",
    async run(context) {
      const options = { arguments: ["one", "--two=3", "four five"], environment: { BARNACLE_TEST: "set" } };
      const program = await context.start("show-surroundings", options);
      const shown = JSON.parse(await program.line() ?? "null");
      assert.deepEqual(shown, { arguments: options.arguments, variable: "set", id: program.id });
    },
  },
];

async function spawned(context: ContractContext, { command, commandArguments }: HostCommand): Promise<RunningProgram> {
  return await context.start("spawn-child", { arguments: [command, ...commandArguments] });
}

const children: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "spawn shares standard output, adds to the environment and tells the exit code",
    async run(context) {
      assert.deepEqual(await linesOf(await spawned(context, context.commands.exitSeven)), [`{"code":7}`]);
      assert.deepEqual(await linesOf(await spawned(context, context.commands.hello)), [
        "hello from the child",
        `{"code":0}`,
      ]);
      assert.deepEqual(await linesOf(await spawned(context, context.commands.printVariable)), [
        "set by the parent",
        `{"code":0}`,
      ]);
    },
  },
  {
    name: "kill ends a child with the signal, and its ending tells so",
    async run({ runtime, commands }) {
      const child = await runtime.process.spawn(commands.sleep.command, commands.sleep.commandArguments);
      assert.ok(child.id > 0);
      child.kill("SIGTERM");
      assert.deepEqual(await child.ended, { signal: "SIGTERM" });
      child.kill("SIGTERM");
    },
  },
  {
    name: "a child that lives on after a signal tells its later end",
    async run({ runtime, commands, path }) {
      const { command, commandArguments } = commands.ignoreHangup;
      const environment = { BARNACLE_CHILD: path("ready") };
      const child = await runtime.process.spawn(command, commandArguments, { environment });
      await until(runtime.clock, WAIT_MS, "the child is ready", async () => {
        return (await runtime.files.list(path())).length > 0;
      });
      child.kill("SIGHUP");
      await pass(runtime.clock, 50);
      child.kill("SIGTERM");
      assert.deepEqual(await within(runtime.clock, WAIT_MS, "the end", child.ended), { code: 7 });
    },
  },
  {
    name: "spawn of what does not exist is COMMAND_NOT_FOUND and of what is no program PERMISSION_DENIED",
    async run({ runtime, path }) {
      await rejectsWith(runtime.process.spawn("no-such-command-anywhere", []), "COMMAND_NOT_FOUND");
      await rejectsWith(runtime.process.spawn(path("missing"), []), "COMMAND_NOT_FOUND");
      const file = await runtime.files.open(path("text"), "create", { mode: 0o644 });
      await file.close();
      await rejectsWith(runtime.process.spawn(path("text"), []), "PERMISSION_DENIED");
    },
  },
];

const facts: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "hostFacts, usage and the working directory make sense",
    run({ runtime }) {
      const { hostName, os, architecture, processorCount, homeDirectory } = runtime.process.hostFacts();
      assert.ok(homeDirectory === undefined || homeDirectory.length > 0);
      assert.ok(hostName.length > 0);
      assert.ok(["linux", "macos", "windows", "other"].includes(os));
      assert.ok(["x64", "arm64", "other"].includes(architecture));
      assert.ok(Number.isInteger(processorCount) && processorCount > 0);
      const { residentBytes, processorSeconds } = runtime.process.usage();
      assert.ok(residentBytes > MIB && residentBytes < 4096 * MIB, `${residentBytes} bytes`);
      assert.ok(processorSeconds > 0 && processorSeconds < 600, `${processorSeconds} s`);
      assert.ok(runtime.process.workingDirectory().length > 0);
      assert.ok(runtime.process.id > 0);
    },
  },
  {
    name: "collectGarbage does no harm, and under Bun frees at once what nobody holds",
    async run({ runtime }) {
      const objects = Array.from({ length: 100 }, () => new WeakRef({ text: "x".repeat(100) }));
      // An object outlives the turn that it was made in.
      await pass(runtime.clock, 1);
      runtime.process.collectGarbage();
      const left = objects.filter((object) => object.deref() !== undefined).length;
      if (runtime.name === "bun") assert.ok(left < 50, `${left} of 100 are left`);
      runtime.process.collectGarbage();
      assert.equal(runtime.crypto.sha256("").length, 32);
    },
  },
  {
    name: "returnMemory does no harm, however often, and under Bun on Linux gives some back",
    async run({ runtime }) {
      const before = runtime.process.usage();
      await runtime.process.returnMemory();
      const after = runtime.process.usage();
      if (runtime.name === "bun" && runtime.process.hostFacts().os === "linux") {
        assert.ok(
          after.residentBytes < before.residentBytes - MIB,
          `${before.residentBytes}, then ${after.residentBytes}`,
        );
      }
      await runtime.process.returnMemory();
      await pass(runtime.clock, 5);
      assert.equal(runtime.crypto.sha256("").length, 32);
    },
  },
  {
    name: "a stream that is no terminal has no columns",
    run({ runtime }) {
      if (runtime.process.standardOutput.isTerminal) return;
      assert.equal(runtime.process.standardOutput.columns, undefined);
    },
  },
  {
    name: "the runtime says its name and version",
    run({ runtime }) {
      assert.ok(["node", "bun", "deno", "sim"].includes(runtime.name));
      assert.match(runtime.version, /^\d+\.\d+/);
    },
  },
];

export const PROCESS_CASES: readonly ContractCase[] = [...signals, ...streams, ...children, ...facts]
  .map((one) => ({ capability: "process", ...one }));
