/**
 * All commands. An agent's start needs one of them, and does without this list.
 *
 * @module
 */
import type { Commands } from "./application.ts";
import { completeCommand, completionsCommand } from "./commands/completions.ts";
import { configRoutes } from "./commands/config.ts";
import { contactsRoutes } from "./commands/contacts.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { execCommand } from "./commands/exec.ts";
import { helpCommand } from "./commands/help.ts";
import { hubRoutes } from "./commands/hub.ts";
import { idCommand } from "./commands/id.ts";
import { inboxRoutes } from "./commands/inbox.ts";
import { initCommand } from "./commands/init.ts";
import { manifestRoutes } from "./commands/manifest.ts";
import { mcpCommand } from "./commands/mcp.ts";
import { monitorCommand } from "./commands/monitor.ts";
import { openclawRoutes } from "./commands/openclaw.ts";
import { outboxCommand } from "./commands/outbox.ts";
import { peersCommand } from "./commands/peers.ts";
import { pingCommand } from "./commands/ping.ts";
import { relayRoutes } from "./commands/relay.ts";
import { reportCommand } from "./commands/report.ts";
import { runCommand } from "./commands/run.ts";
import { sendCommand } from "./commands/send.ts";
import { statusCommand } from "./commands/status.ts";
import { toolsRoutes } from "./commands/tools.ts";
import { upCommand } from "./commands/up.ts";
import { versionCommand } from "./commands/version.ts";

/** Every command by its name, in the order of the help. */
export const COMMANDS: Commands = {
  init: initCommand,
  up: upCommand,
  run: runCommand,
  hub: hubRoutes,
  id: idCommand,
  send: sendCommand,
  inbox: inboxRoutes,
  outbox: outboxCommand,
  contacts: contactsRoutes,
  peers: peersCommand,
  ping: pingCommand,
  manifest: manifestRoutes,
  relay: relayRoutes,
  mcp: mcpCommand,
  tools: toolsRoutes,
  monitor: monitorCommand,
  openclaw: openclawRoutes,
  status: statusCommand,
  report: reportCommand,
  exec: execCommand,
  config: configRoutes,
  doctor: doctorCommand,
  version: versionCommand,
  completions: completionsCommand,
  complete: completeCommand,
  help: helpCommand,
};
