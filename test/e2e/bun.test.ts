/** Hunts: an agent that works everywhere but under Bun. */
import { defineSuite } from "./suite.ts";

defineSuite("bun");
