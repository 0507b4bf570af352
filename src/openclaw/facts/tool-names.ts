/**
 * What the tools are called inside a gateway. There all plugins share one list of names, and of two tools with the same one the second is
 * left out without a word to the agent: its `send_message` would be another plugin's. Source: OpenClaw's documentation, "Tool plugins".
 *
 * @module
 */

const PREFIX = "barnacle_";

/** The name in a gateway of a tool that `barnacle mcp` offers. */
export function gatewayToolName(name: string): string {
  return PREFIX + name;
}
