import type { RunFlags } from "../commands/run.ts";
import type { Invocation } from "../context.ts";
import { serve } from "../serve.ts";

export default async function run(this: Pick<Invocation, "cli">, flags: RunFlags): Promise<void> {
  await serve(this.cli, flags, {
    parts: { agent: true, hub: false },
    settings: {
      "http.listen": flags.http,
      "moltcomm.listen": flags.listen,
      "moltcomm.bootstrap": flags.bootstrap,
      "moltcomm.advertise": flags.advertise,
    },
  });
}
