/** Hunts: whatever a fleet of real nodes does to mail under faults; the seeds of part 1 of 4. See `mail.test.ts`. */
import { huntMail } from "./mail/hunt.ts";

huntMail({ part: 1, parts: 4 });
