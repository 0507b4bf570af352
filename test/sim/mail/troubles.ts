/** Trouble for a mail fleet. @module */
import { HostTroubles } from "../fleet/host-troubles.ts";
import type { MailFleet } from "./mail-fleet.ts";
import type { MailTrouble } from "./options.ts";
import { makeReadOnly, spoilCursor, spoilInbox } from "./people.ts";

type Own = Extract<MailTrouble, "inbox" | "archive" | "readOnly" | "cursor" | "router">;

const nothing = (): void => undefined;

export function makeMailTroubles(fleet: MailFleet): HostTroubles<Own> {
  return new HostTroubles(fleet, fleet.options, {
    own: {
      inbox: (host, random) => {
        const own = fleet.mailOn(host);
        if (host.isUp && own !== undefined) spoilInbox(own, random);
        return nothing;
      },
      archive: (host) => {
        if (host.isUp && fleet.mailOn(host) !== undefined) {
          fleet.spawn(host, "command", ["inbox", "archive", "--dir", "/work"]);
        }
        return nothing;
      },
      readOnly: (host, random) => makeReadOnly(host, random),
      cursor: (host, random) => {
        const own = fleet.mailOn(host);
        own?.ledger.touched();
        if (own !== undefined) spoilCursor(host, random);
        return nothing;
      },
      router: ({ nat }) => {
        nat?.restart();
        return nothing;
      },
    },
    killed: (host) => {
      fleet.record.crashes++;
      fleet.mailOn(host)?.ledger.crashed();
    },
  });
}
