/**
 * Changing a gateway's configuration by its own command, which knows its strict schema, keeps backups and tells a running gateway.
 *
 * @module
 */
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import type { Gateway } from "../../openclaw/mod.ts";
import type { Process } from "../../runtime/port.ts";
import type { Change } from "./changes.ts";

/**
 * Applies changes in their order, those that set in one write.
 *
 * @param command the `openclaw` executable
 * @throws `COMMAND_NOT_FOUND`; `REMOTE_FAILURE` when the command refuses, whose own words are on standard error then
 */
export async function applyChanges(
  process: Pick<Process, "spawn">,
  command: string,
  gateway: Gateway,
  changes: readonly Change[],
): Promise<void> {
  const sets = changes.flatMap((change) => change.act === "set" ? [{ path: change.path, value: change.value }] : []);
  for (const { act, path } of changes) {
    if (act === "unset") await run(process, command, gateway, ["config", "unset", path]);
  }
  if (sets.length > 0) await run(process, command, gateway, ["config", "set", "--batch-json", JSON.stringify(sets)]);
}

async function run(
  process: Pick<Process, "spawn">,
  command: string,
  { configPath, stateDirectory }: Gateway,
  words: readonly string[],
): Promise<void> {
  const environment = { OPENCLAW_STATE_DIR: stateDirectory, OPENCLAW_CONFIG_PATH: configPath };
  const action = `Run ${command} ${words.slice(0, 3).join(" ")}`;
  try {
    const end = await (await process.spawn(command, words, { environment })).ended;
    if ("code" in end && end.code === 0) return;
    throw new BarnacleError({
      code: "REMOTE_FAILURE",
      action,
      value: "code" in end ? `exit code ${end.code}` : end.signal,
      wanted: "exit code 0",
      hint:
        "what it said stands above; nothing more was changed. Where its configuration was wrong before, openclaw config validate " +
        "names the key",
    });
  } catch (thrown) {
    if (!isBarnacleError(thrown, "COMMAND_NOT_FOUND")) throw thrown;
    throw new BarnacleError({
      code: "COMMAND_NOT_FOUND",
      action,
      value: "no such command",
      wanted: "OpenClaw's command",
      hint: "put it on the PATH, or name it with --openclaw FILE",
      cause: thrown,
    });
  }
}
