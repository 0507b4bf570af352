import { buildRouteMap } from "@stricli/core";
import { type CommonFlags, commonFlags, defineCommand, switchFlag, textFlag } from "../command.ts";
import type { Invocation } from "../context.ts";
import { dictionary } from "../dictionary.ts";

export interface OpenClawUninstallFlags extends CommonFlags {
  readonly profile: string | undefined;
  readonly openclaw: string | undefined;
  readonly yes: boolean | undefined;
}

export interface OpenClawInstallFlags extends OpenClawUninstallFlags {
  readonly command: string | undefined;
  readonly monitor: boolean | undefined;
  readonly receiver: boolean | undefined;
}

export interface OpenClawStatusFlags extends CommonFlags {
  readonly json: boolean | undefined;
}

const changeFlags = () => ({
  profile: textFlag("The gateway of this profile [default = the default gateway]", "NAME"),
  openclaw: textFlag("OpenClaw's command [default = openclaw]", "FILE"),
  yes: switchFlag("Do it; without it only what would be done is shown"),
});

const installCommand = defineCommand<OpenClawInstallFlags>({
  help: {
    brief: "Put the plugin into this host's OpenClaw gateway",
    details:
      "The plugin tells Barnacle, and through it a HarborForge Monitor, which OpenClaw runs here and its agents; it gives the " +
      "agents their mail as tools and instructions, and wakes them. Its files and its key go into .barnacle of the work directory, and " +
      "the gateway's configuration is changed by OpenClaw's own command. Again it brings a newer version.",
    examples: [
      ["openclaw install", "Show what would be done"],
      ["openclaw install --yes", "Do it"],
      ["openclaw install --yes --receiver", "The gateway takes POST /openclaw/status too"],
    ],
  },
  parameters: {
    flags: {
      ...changeFlags(),
      command: textFlag("The barnacle executable that the tools run [default = barnacle]", "FILE"),
      monitor: switchFlag(
        "The plugin tells the Monitor's bridge itself, so that it is of use without a Barnacle that runs",
      ),
      receiver: switchFlag("Take statuses of other instances at the gateway's POST /openclaw/status"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/openclaw-install.ts"),
});

const uninstallCommand = defineCommand<OpenClawUninstallFlags>({
  help: {
    brief: "Take the plugin out of the gateway, without a trace",
    examples: [["openclaw uninstall", "Show what would be done"], ["openclaw uninstall --yes", "Do it"]],
  },
  parameters: { flags: { ...changeFlags(), ...commonFlags() } },
  load: () => import("../actions/openclaw-uninstall.ts"),
});

const statusCommand = defineCommand<OpenClawStatusFlags>({
  help: {
    brief: "Show this host's OpenClaw gateways, their agents, and the plugin in them",
    details:
      'JSON: {"gateways": [{"profile", "state_directory", "state", "url", "version", "generation", "hooks", "agents": [{"id", ' +
      '"name", "workspace", "sandbox"}], "plugin": {"configured", "enabled", "files", "answers"}}], "vacant": ' +
      '[{"state_directory", "configuration", "named"}]}. sandbox is null, or {"setting", "backend", "workspace_access", "mail", ' +
      '"mail_directory", "problem", "hint"}; vacant are state directories without a gateway.',
    examples: [["openclaw status", "Which there are"], ["openclaw status --json", "For a program"]],
  },
  parameters: { flags: { json: switchFlag("Print JSON"), ...commonFlags() } },
  load: () => import("../actions/openclaw-status.ts"),
});

export const openclawRoutes = buildRouteMap<string, Invocation>({
  routes: dictionary({ install: installCommand, uninstall: uninstallCommand, status: statusCommand }),
  docs: { brief: "The plugin in this host's OpenClaw gateway" },
});
