/** Several agents behind one daemon: whose mail is whose, over kills and restarts, and that no agent is in another's way. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Running, Stage, type Way } from "./barnacle.ts";
import { configureGateway, HOOK_TOKEN, ScriptedGateway } from "./gateway.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

/** Each has a dozen commands, every one a process. */
const timeout = { timeout: 5 * TEST_TIMEOUT_MS };

interface Line {
  readonly seq: number;
  readonly msg: string;
  readonly from: string;
}

interface Mail {
  readonly node_id: string;
  readonly address: string;
}

interface Status {
  readonly mail: Mail;
  readonly mail_agents: readonly {
    readonly mail: Mail | null;
    readonly problem: string | null;
    readonly waking: Readonly<Record<string, unknown>> | null;
  }[];
}

export function defineAgentsTests(way: Way): void {
  let stage = new Stage(way);
  let gateway = new ScriptedGateway();
  afterEach(async () => {
    await stage.clear();
    await gateway.stop();
    stage = new Stage(way);
    gateway = new ScriptedGateway();
  });

  const inboxOf = (folder: string): Line[] =>
    readFileSync(join(folder, ".moltcomm", "inbox.ndjson"), "utf8").trim().split("\n").map((line) =>
      JSON.parse(line) as Line
    );
  const textsOf = (folder: string) => inboxOf(folder).map(({ seq, msg }) => `${seq} ${msg}`);

  function run(
    folder: string,
    listen = "tcp://127.0.0.1:0",
    environment: Readonly<Record<string, string>> = {},
  ): Running {
    return stage.start(
      ["run", "--dir", folder, "--http", "127.0.0.1:0", "--listen", listen, "--log", "json"],
      { environment: { HOME: folder, BARNACLE_MONITOR_CLIENT: "off", ...environment } },
    );
  }

  async function command(...words: readonly string[]): Promise<string> {
    const { exit, stderr, stdout } = await stage.run(words);
    expect(`${exit.code} ${stderr}`).toMatch(/^0 /);
    return stdout;
  }

  async function statusOf(daemon: Running): Promise<Status> {
    return await (await fetch(`${await daemon.url("http")}/status`)).json() as Status;
  }

  function configure(folder: string, others: readonly Readonly<Record<string, unknown>>[]): void {
    writeFileSync(join(folder, "barnacle.json"), JSON.stringify({ agents: { others } }));
  }

  function addContacts(folder: string, mails: Readonly<Record<string, Mail | null | undefined>>): void {
    const contacts = Object.entries(mails).map(([name, mail]) => ({
      name,
      node_id: mail?.node_id,
      addresses: [mail?.address],
    }));
    mkdirSync(join(folder, ".moltcomm"), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, ".moltcomm", "contacts.json"), JSON.stringify({ contacts }));
  }

  /** A host of two agents, `main` and `research`, and another host that knows them, and they it as `peer`. */
  async function makeHosts(identity: "own" | "shared", environment: Readonly<Record<string, string>> = {}) {
    const [main, research, peer] = [stage.folder(), stage.folder(), stage.folder()];
    configure(main, [{ id: "research", directory: research, identity }]);
    const sender = run(peer);
    await sender.url("http");
    const theirs = await statusOf(sender);
    for (const folder of [main, research]) addContacts(folder, { peer: theirs.mail });
    const daemon = run(main, undefined, environment);
    await daemon.url("http");
    await daemon.event("agent_mail_started");
    const { mail, mail_agents: [other] } = await statusOf(daemon);
    addContacts(peer, { main: mail, ...(identity === "own" ? { research: other?.mail } : {}) });
    return { main, research, peer, daemon, sender, mail, other: other?.mail };
  }

  const send = (folder: string, to: string, text: string) => command("send", "--dir", folder, "--wait", to, text);

  describe("several agents", () => {
    test("with identities of their own have each its own mail, over kill -9", timeout, async () => {
      const { daemon, main, mail, other, peer, research } = await makeHosts("own");
      expect(other?.node_id).not.toBe(mail.node_id);
      await send(peer, "main", "to main");
      await send(peer, "research", "to research");
      await send(research, "peer", "from research");
      expect([textsOf(main), textsOf(research)]).toEqual([["1 to main"], ["1 to research"]]);
      expect(inboxOf(peer)).toMatchObject([{ from: other?.node_id, msg: "from research" }]);
      const shown = JSON.parse(await command("id", "--json", "--dir", research)) as Readonly<Record<string, unknown>>;
      expect(shown).toMatchObject({ node_id: other?.node_id, addresses: [other?.address] });
      expect(await command("inbox", "--ack", "--dir", research)).toContain("to research");
      expect(await command("ping", "--dir", research, "peer")).toContain("answered");
      expect(await command("status", "--dir", main)).toContain("mail of research");
      await daemon.stop("SIGKILL");
      await command("send", "--dir", research, "peer", "queued");
      const again = run(main);
      await again.event("agent_mail_started");
      await send(research, "peer", "after");
      expect(inboxOf(peer).map(({ msg }) => msg).slice(1)).toEqual(["queued", "after"]);
      expect(await command("inbox", "archive", "--dir", research)).toContain("moved to");
      expect((await again.stop()).code).toBe(0);
      expect(existsSync(join(research, ".barnacle", "agent.json"))).toBe(false);
    });

    test("share an identity: mail finds the one that is named or wrote last, over kill -9", timeout, async () => {
      const { daemon, main, mail, other, peer, research } = await makeHosts("shared");
      expect(other?.node_id).toBe(mail.node_id);
      await send(peer, "main", "for nobody by name");
      await send(peer, "main/research", "by name");
      await send(research, "peer", "research writes");
      await send(peer, "main", "an answer");
      await daemon.stop("SIGKILL");
      const again = run(main, mail.address);
      await again.event("agent_mail_started");
      await send(peer, "main", "an answer after the kill");
      await send(main, "peer", "main writes");
      await send(peer, "main", "an answer to main");
      expect(textsOf(main)).toEqual(["1 for nobody by name", "2 an answer to main"]);
      expect(textsOf(research)).toEqual(["1 by name", "2 an answer", "3 an answer after the kill"]);
      expect(inboxOf(peer).map(({ msg }) => msg)).toEqual(["research writes", "main writes"]);
      const refused = await stage.run(["send", "--dir", peer, "--wait", "main/nobody", "lost?"]);
      expect(refused.exit.code).toBe(1);
      expect(refused.stderr).toContain("no agent is called so here");
      await send(main, "/research", "from the desk beside");
      expect(inboxOf(research).at(-1)).toMatchObject({ from: mail.node_id, seq: 4, msg: "from the desk beside" });
      expect((await again.stop()).code).toBe(0);
      const { stdout } = await stage.run(["id", "--json", "--dir", research]);
      expect(stdout).toContain(mail.node_id);
    });

    test("are woken alone, each with its own id and files", timeout, async () => {
      const home = stage.folder();
      const port = await gateway.start();
      const { daemon, main, peer, research } = await makeHosts("own", { HOME: home, PATH: "/nowhere" });
      configureGateway(home, port, { main, research });
      await daemon.event("gateways_found");
      await send(peer, "research", "wake up");
      const wake = await gateway.wake();
      expect(wake.headers.authorization).toBe(`Bearer ${HOOK_TOKEN}`);
      expect(wake.body).toContain(JSON.stringify(join(research, ".moltcomm", "inbox.ndjson")).slice(1, -1));
      expect(JSON.parse(wake.body)).toMatchObject({ agentId: "research" });
      await send(peer, "main", "you too");
      const other = await gateway.wake(({ agentId }) => agentId === "main");
      expect(other.body).toContain(JSON.stringify(join(main, ".moltcomm", "inbox.ndjson")).slice(1, -1));
      expect(gateway.wakes).toHaveLength(2);
      expect((await statusOf(daemon)).mail_agents[0]?.waking).toMatchObject({ agent: "research", woken: 1 });
      const metrics = await (await fetch(`${await daemon.url("http")}/metrics`)).text();
      expect(metrics).toContain('barnacle_agent_waking_calls_total{agent="research",way="hook",outcome="woken"} 1');
      expect(metrics).toContain('barnacle_waking_calls_total{way="hook",outcome="woken"} 1');
      expect(metrics).toContain('barnacle_agent_mail_unread{agent="research"} 1');
      await daemon.stop();
    });

    test("do not suffer from one whose directory is missing, which joins when it is there", timeout, async () => {
      const [main, peer] = [stage.folder(), stage.folder()];
      const missing = join(stage.folder(), "later");
      configure(main, [{ id: "later", directory: missing, identity: "shared" }]);
      const daemon = run(main);
      await daemon.event("agent_mail_not_started");
      await run(peer).url("http");
      const { mail, mail_agents: [later] } = await statusOf(daemon);
      addContacts(peer, { main: mail });
      await send(peer, "main", "to main");
      expect(textsOf(main)).toEqual(["1 to main"]);
      expect(later?.problem).toContain("FILE_NOT_FOUND");
      mkdirSync(missing);
      await daemon.event("agent_mail_started");
      await send(peer, "main/later", "at last");
      expect(textsOf(missing)).toEqual(["1 at last"]);
      rmSync(missing, { recursive: true });
      await send(peer, "main", "still");
      expect(textsOf(main)).toEqual(["1 to main", "2 still"]);
      expect((await daemon.stop()).code).toBe(0);
    });

    test("are refused where they would be in each other's way", timeout, async () => {
      const folder = stage.folder();
      configure(folder, [
        { id: "main", directory: "a" },
        { id: "b", directory: "." },
        { id: "c", directory: "a", identity: "shared", listen: "tcp://127.0.0.1:9001" },
        { id: "D", directory: "d" },
      ]);
      const strange = await stage.run(["run", "--dir", folder]);
      expect(strange.exit.code).not.toBe(0);
      expect(strange.stderr).toContain("agents.others.[3].id");
      configure(folder, [
        { id: "main", directory: "a" },
        { id: "b", directory: "." },
        { id: "c", directory: "a", identity: "shared", listen: "tcp://127.0.0.1:9001" },
      ]);
      const clashing = await stage.run(["config", "check", "--dir", folder]);
      expect(clashing.exit.code).not.toBe(0);
      for (const path of ["[0].id", "[1].directory", "[2].directory", "[2].listen"]) {
        expect(clashing.stderr + clashing.stdout).toContain(`agents.others.${path}`);
      }
    });
  });
}
