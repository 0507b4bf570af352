import { commonFlags, defineCommand, switchFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface InitFlags extends CommonFlags {
  readonly remove: boolean | undefined;
  readonly yes: boolean | undefined;
  readonly agents: boolean | undefined;
  readonly json: boolean | undefined;
}

export const initCommand = defineCommand<InitFlags>({
  help: {
    brief: "Make the work directory ready for mail",
    details:
      "Makes .moltcomm/ with an identity and an empty outbox, kept out of git; puts the section about mail into " +
      "HEARTBEAT.md, near the top; writes SKILL_IMPL.md. Says of each what it did. What is there stays as it " +
      "is, and a second run changes nothing.\n\n" +
      "Where the directory is the workspace of an agent of an OpenClaw gateway it says so. An agent of 2026.8.1 and newer reads no " +
      "HEARTBEAT.md: there the section goes into its heartbeat's scratch and a skill beside the gateway's, both with absolute " +
      "paths, with --yes only; without it init shows what it would do. Where the plugin is installed, that tells the agent.\n\n" +
      "Other agents of that gateway whose mail nobody carries are named. With --agents they are written into agents.others of the " +
      "configuration file, each as a node of its own, and their directories are made ready too; the rest of the file stays as it is.\n\n" +
      "With --remove it takes out what it put in, and nothing else: what somebody changed, brought or received " +
      "is left, and with mail, contacts or peers the identity; so is the configuration. It asks for the agent to be stopped " +
      "first.\n\n" +
      'JSON: {"steps": [{"path", "outcome", "note", "hint"}]}; outcome is made, changed, there, removed, left ' +
      "or failed. Exit code 1 when one failed.",
    examples: [
      ["init", "The current directory"],
      ["init --dir ~/.openclaw/workspace", "An agent's workspace"],
      ["init --dir ~/.openclaw/workspace --yes", "The same, and the gateway's part of it"],
      ["init --dir ~/.openclaw/workspace --agents", "The same, and the gateway's other agents"],
      ["init --remove", "As it was before"],
    ],
  },
  parameters: {
    flags: {
      remove: switchFlag("Take out again what init put in"),
      yes: switchFlag("Change the gateway's heartbeat and skills too"),
      agents: switchFlag("Take the gateway's other agents into the configuration"),
      json: switchFlag("Print JSON"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/init.ts"),
});
