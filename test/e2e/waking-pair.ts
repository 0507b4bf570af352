/** Two agents that know each other's address; the recipient's is one of a gateway. */
import type { Running, Stage } from "./barnacle.ts";
import { configureGateway } from "./gateway.ts";

export interface WakingPair {
  readonly recipient: Running;
  /** The recipient's work directory. */
  readonly folder: string;
  /** Writes to the recipient, and is back once that has acknowledged it. */
  readonly send: (text: string) => Promise<void>;
  readonly sender: Running;
}

interface Prepared {
  readonly folder: string;
  readonly invitation: string;
  readonly nodeId: string;
}

/** @param init.isContact whether the recipient knows the sender by name @param init.gatewayPort of the recipient's gateway */
export async function makeWakingPair(
  stage: Stage,
  init: { readonly gatewayPort: number; readonly isContact: boolean },
): Promise<WakingPair> {
  const [a, b] = [await prepare(stage), await prepare(stage)];
  const home = stage.folder();
  configureGateway(home, init.gatewayPort, b.folder);
  if (init.isContact) await runWell(stage, ["contacts", "add", "--dir", b.folder, "--name", "ann", a.invitation]);
  const start = (folder: string, more: readonly string[], environment: Record<string, string>) =>
    stage.start(
      ["run", "--dir", folder, "--http", "127.0.0.1:0", "--listen", "tcp://127.0.0.1:0", "--log", "json", ...more],
      { environment: { PATH: "/nowhere", BARNACLE_MONITOR_CLIENT: "off", ...environment } },
    );
  const recipient = start(b.folder, [], { HOME: home });
  const address = (await recipient.url("moltcomm")).replace("http", "tcp");
  await recipient.event("gateways_found");
  const sender = start(a.folder, ["--bootstrap", address], { HOME: a.folder });
  await sender.url("http");
  const send = async (text: string) => {
    await runWell(stage, ["send", "--dir", a.folder, "--wait", b.nodeId, text]);
  };
  return { recipient, folder: b.folder, send, sender };
}

async function prepare(stage: Stage): Promise<Prepared> {
  const folder = stage.folder();
  await runWell(stage, ["init", "--dir", folder], { HOME: folder });
  const { node_id: nodeId, invitation } = JSON.parse(await runWell(stage, ["id", "--json", "--dir", folder])) as {
    readonly node_id: string;
    readonly invitation: string;
  };
  return { folder, invitation, nodeId };
}

/** @returns what it printed @throws Error when it did not exit with 0 */
async function runWell(
  stage: Stage,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { exit, stdout, stderr } = await stage.run(words, { environment });
  if (exit.code !== 0) throw new Error(`barnacle ${words.join(" ")} exited with ${exit.code}:\n${stderr}`);
  return stdout;
}
