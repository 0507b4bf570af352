/** Limits for nodes that tests and measurements make: the rates of the configuration, and room for few peers. @module */
import type { NodeLimits } from "../../src/moltcomm/mod.ts";

export const NODE_LIMITS: NodeLimits = {
  maxFrameBytes: 1_048_576,
  connectionsMax: 64,
  framesPerSecondPerConnection: 1_000,
  framesPerSecondPerAddress: 5_000,
  messagesPerSecondPerSender: 50,
  messagesBurstPerSender: 500,
  peersMax: 100,
  newPeersPerMinute: 1_000,
  requestTimeoutMs: 15_000,
};
