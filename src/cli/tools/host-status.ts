import * as z from "zod/mini";
import { agentClient } from "../endpoint.ts";
import { formatHostStatus } from "../status-view.ts";
import { defineTool, PLAIN } from "./tool.ts";

export const hostStatus = defineTool({
  name: "host_status",
  title: "See how this host is",
  description: "Health, availability, work, mail and telemetry of this host, as its Barnacle knows them.",
  input: z.strictObject({}),
  readOnly: true,
  async run({ runtime, loaded }) {
    const client = await agentClient(runtime, loaded);
    try {
      return formatHostStatus(await client.status(), client.peer.baseUrl, { ...PLAIN, nowMs: runtime.clock.wallMs() });
    } finally {
      client.close();
    }
  },
});
