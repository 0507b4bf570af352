/** Hunts: an agent that works everywhere but under Deno. */
import { defineSuite } from "./suite.ts";

defineSuite("deno");
