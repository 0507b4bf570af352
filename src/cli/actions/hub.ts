import type { HubFlags } from "../commands/hub.ts";
import type { Invocation } from "../context.ts";
import { serve } from "../serve.ts";

export default async function hub(this: Invocation, flags: HubFlags): Promise<void> {
  await serve(this.cli, flags, { parts: { agent: false, hub: true }, settings: { "hub.listen": flags.listen } });
}
