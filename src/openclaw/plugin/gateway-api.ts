/**
 * As much of OpenClaw's plugin interface as we use, the same on 2026.7.x and 2026.9.x. Source: the gateway notes, section 4.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";

/** What the gateway hands to `register`. */
export interface GatewayApi {
  readonly pluginConfig?: unknown;
  /** The configuration when the plugin was registered. */
  readonly config?: GatewayConfig;
  readonly logger?: { debug?(text: string): void; info?(text: string): void; warn?(text: string): void };
  readonly runtime: {
    readonly version?: string;
    readonly config?: { current?(): GatewayConfig };
    readonly agent?: { resolveAgentWorkspaceDir?(config: GatewayConfig, agentId: string): string };
    readonly system?: {
      enqueueSystemEvent(text: string, options: { readonly sessionKey: string; readonly agentId: string }): unknown;
      requestHeartbeat(request: {
        readonly source: string;
        readonly intent: string;
        readonly reason: string;
        readonly agentId: string;
        readonly sessionKey: string;
      }): unknown;
    };
  };
  on(event: string, handler: (event: GatewayEvent, context: GatewayContext) => unknown): void;
  registerService(service: {
    readonly id: string;
    readonly reload: { readonly configPrefixes: readonly string[] };
    start(context: GatewayContext): void;
    stop(): void;
  }): void;
  registerHttpRoute(route: {
    readonly path: string;
    readonly auth: "plugin";
    readonly match: "exact";
    handler(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  }): void;
  registerTool(
    make: (context: { readonly agentId?: string }) => GatewayTool,
    options: { readonly name: string },
  ): void;
}

/** Both shapes of the roster: `entries` is a map (2026.9.x), `list` an array (2026.7.x). */
export interface GatewayConfig {
  readonly agents?: {
    readonly entries?: Readonly<Record<string, { readonly name?: unknown } | undefined>>;
    readonly list?: readonly { readonly id?: unknown; readonly name?: unknown }[];
  };
}

/** The members of events and contexts that we read. */
export interface GatewayEvent {
  readonly reason?: unknown;
  readonly agentId?: unknown;
}
export interface GatewayContext {
  readonly agentId?: unknown;
  readonly stateDir?: unknown;
}

/** A tool as the gateway calls it. */
export interface GatewayTool {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly parameters: unknown;
  execute(
    callId: string,
    input: unknown,
  ): Promise<{ readonly content: readonly { readonly type: "text"; readonly text: string }[] }>;
}
