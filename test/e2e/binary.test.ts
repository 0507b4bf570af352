/** Hunts: an agent that works everywhere but as the compiled binary. */
import { defineSuite } from "./suite.ts";

defineSuite("binary");
