/** Hunts: whatever relays, some of which lie, do to a fleet of real nodes; the seeds of part 2 of 2. See `relay.test.ts`. */
import { huntRelays } from "./relay/hunt.ts";

huntRelays({ part: 2, parts: 2 });
