/** Hunts: an agent that works everywhere but under Node. */
import { defineSuite } from "./suite.ts";

defineSuite("node");
