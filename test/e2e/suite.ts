/** What the real agent does as a process: one suite, run under Node, Bun and Deno and as the binary. */
import { describe } from "vitest";
import type { Way } from "./barnacle.ts";
import { defineAgentsTests } from "./suite-agents.ts";
import { defineAttackTests } from "./suite-attacks.ts";
import { defineBridgeTests } from "./suite-bridge.ts";
import { defineCommandTests } from "./suite-commands.ts";
import { defineHubTests } from "./suite-hub.ts";
import { defineLifeTests } from "./suite-life.ts";
import { defineMailTests } from "./suite-mail.ts";
import { defineManifestTests } from "./suite-manifest.ts";
import { defineMcpTests } from "./suite-mcp.ts";
import { defineMonitorTests } from "./suite-monitor.ts";
import { defineReceiverTests } from "./suite-receivers.ts";
import { defineRelayTests } from "./suite-relay.ts";
import { defineRoleTests } from "./suite-roles.ts";
import { defineWakingTests } from "./suite-waking.ts";

export function defineSuite(way: Way): void {
  describe(`the agent by ${way}`, () => {
    defineLifeTests(way);
    defineReceiverTests(way);
    defineHubTests(way);
    defineCommandTests(way);
    defineAttackTests(way);
    defineMailTests(way);
    defineManifestTests(way);
    defineMonitorTests(way);
    defineRelayTests(way);
    defineMcpTests(way);
    defineBridgeTests(way);
    defineWakingTests(way);
    defineAgentsTests(way);
    defineRoleTests(way);
  });
}
