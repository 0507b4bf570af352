import type { CommonFlags } from "../command.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { callTool } from "../tools/mod.ts";

const INPUT_BYTES_MAX = 1024 * 1024;
const STANDARD_INPUT = "-";

export default async function toolsCall(
  this: Invocation,
  flags: CommonFlags,
  name: string,
  input?: string,
): Promise<void> {
  const { runtime } = this.cli;
  const { process } = runtime;
  const loaded = await loadConfiguration(this.cli, flags);
  const text = input === STANDARD_INPUT
    ? new TextDecoder().decode(await process.readStandardInput(INPUT_BYTES_MAX))
    : input ?? "{}";
  const answer = await callTool({ runtime, loaded }, name, parse(text));
  (answer.isError ? process.standardError : process.standardOutput).write(answer.text);
  if (answer.isError) this.process.exitCode = EXIT.failed;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usageError("Read the tool's input", "text that is not JSON", "a JSON object");
  }
}
