/** Hunts: whatever relays, some of which lie, do to a fleet of real nodes; the seeds of part 1 of 2. See `relay.test.ts`. */
import { huntRelays } from "./relay/hunt.ts";

huntRelays({ part: 1, parts: 2 });
