import type { RelayFlags } from "../commands/relay.ts";
import type { Invocation } from "../context.ts";
import { serve } from "../serve.ts";

export default async function relay(this: Invocation, flags: RelayFlags): Promise<void> {
  await serve(this.cli, flags, {
    parts: { agent: false, hub: false, relay: true },
    settings: {
      "relay.listen": flags.listen,
      "relay.advertise": flags.advertise,
      "relay.access": flags.access,
      "relay.httpListen": flags.http,
    },
  });
}
