import { commonFlags, defineCommand, textFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface MonitorFlags extends CommonFlags {
  readonly monitorPort: string | undefined;
  readonly monitorConfig: string | undefined;
}

export const monitorCommand = defineCommand<MonitorFlags>({
  help: {
    brief: "Run the Monitor of this host alone: telemetry for OpenClaw and a HarborForge backend",
    details:
      "It measures the host, answers the OpenClaw side on 127.0.0.1 (GET /health, GET /telemetry, POST /openclaw) and reports to " +
      "the backend at monitor.backendUrl, when that is set. MONITOR_PORT and HF_MONITER_API_KEY count as they stand. Its own " +
      "GET /metrics and /healthz are on the same port. docs/monitor.md tells how to replace another Monitor by it.\n\n" +
      "It keeps nothing on disk. In barnacle run the agent is the Monitor too, by monitor.enabled.",
    examples: [
      ["monitor", "The bridge on port 9100"],
      ["monitor --monitor-config /etc/harborforge-monitor/config.json", "In the place of HarborForge's own"],
      ["monitor --monitor-port 9110 --log json", "On another port, every event as a line of JSON"],
    ],
  },
  parameters: {
    flags: {
      monitorPort: textFlag("The bridge listens here on 127.0.0.1; 0 takes a free one [default = 9100]", "PORT"),
      monitorConfig: textFlag("HarborForge's own configuration file", "FILE"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/monitor.ts"),
});
