/**
 * Running parts until a signal ends them: what `run`, `hub` and `up` share.
 *
 * @module
 */
import type { LoadedConfig } from "../config/mod.ts";
import type { Process } from "../runtime/port.ts";
import type { CommonFlags } from "./command.ts";
import { loadOwnConfiguration } from "./configuration.ts";
import type { FlagSettings } from "./configuration.ts";
import type { CliContext, HostParts, RunningHost } from "./context.ts";
import { EXIT } from "./exit-codes.ts";

/** What to run. */
export interface ServeInit {
  readonly parts: HostParts;
  readonly settings: FlagSettings;
  /** Called once everything runs. */
  readonly onRunning?: (host: RunningHost, loaded: LoadedConfig) => void;
}

/**
 * Starts the parts, waits for SIGTERM or SIGINT and stops them gracefully. Another signal after the first ends the
 * process at once.
 *
 * @throws what loading the configuration and starting throw, with nothing left running
 */
export async function serve(cli: CliContext, flags: CommonFlags, init: ServeInit): Promise<void> {
  const signals = watchStopSignals(cli.runtime.process);
  try {
    const loaded = await loadOwnConfiguration(cli, flags, init.settings);
    const host = await cli.startHost(loaded, init.parts);
    init.onRunning?.(host, loaded);
    await host.stop(await signals.first);
  } finally {
    signals.close();
  }
}

/**
 * Listens from the first moment, so that a signal during a slow start stops what has started instead of killing it
 * half-made.
 */
function watchStopSignals(host: Process): { readonly first: Promise<string>; close(): void } {
  let count = 0;
  let close = () => {};
  const first = new Promise<string>((resolve) => {
    const listeners = (["SIGTERM", "SIGINT"] as const).map((signal) =>
      host.onSignal(signal, () => {
        count++;
        if (count === 1) resolve(signal);
        else host.exit(EXIT.interrupted);
      })
    );
    close = () => listeners.forEach((stop) => stop());
  });
  return { first, close: () => close() };
}
