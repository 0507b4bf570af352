import type { MonitorFlags } from "../commands/monitor.ts";
import type { Invocation } from "../context.ts";
import { serve } from "../serve.ts";

export default async function monitor(this: Invocation, flags: MonitorFlags): Promise<void> {
  await serve(this.cli, flags, {
    parts: { agent: false, hub: false, monitor: true },
    settings: { "monitor.port": flags.monitorPort, "monitor.configFile": flags.monitorConfig },
  });
}
