/** What mail loads when it is first wanted: see the status fleet's own list. @module */
import "../../../src/cli/actions/id.ts";
import "../../../src/cli/actions/inbox-archive.ts";
import "../../../src/cli/actions/inbox.ts";
import "../../../src/cli/actions/init.ts";
import "../../../src/mail.ts";
import "../../../src/mailbox/mod.ts";
import "../fleet/preload.ts";
