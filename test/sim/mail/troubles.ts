/** Trouble for a mail fleet. @module */
import { HostTroubles } from "../fleet/host-troubles.ts";
import type { MailFleet } from "./mail-fleet.ts";
import type { MailTrouble } from "./options.ts";
import { makeReadOnly, spoilCursor, spoilInbox } from "./people.ts";

type Own = Extract<MailTrouble, "inbox" | "archive" | "readOnly" | "cursor">;

const nothing = (): void => undefined;

export function makeMailTroubles(fleet: MailFleet): HostTroubles<Own> {
  return new HostTroubles(fleet, fleet.options, {
    own: {
      inbox: (host, random) => {
        if (host.isUp) spoilInbox(fleet.mailOf(host), random);
        return nothing;
      },
      archive: (host) => {
        if (host.isUp) fleet.spawn(host, "command", ["inbox", "archive", "--dir", "/work"]);
        return nothing;
      },
      readOnly: (host, random) => makeReadOnly(host, random),
      cursor: (host, random) => {
        fleet.mailOf(host).ledger.touched();
        spoilCursor(host, random);
        return nothing;
      },
    },
    killed: (host) => {
      fleet.record.crashes++;
      fleet.mailOf(host).ledger.crashed();
    },
  });
}
