/** What a relay loads when it is first wanted: see the status fleet's own list. @module */
import "../../../src/cli/actions/relay.ts";
import "../../../src/cli/actions/relay-info.ts";
import "../../../src/moltcomm/manifest/mod.ts";
import "../../../src/moltcomm/relay/mod.ts";
import "../../../src/relay.ts";
import "../mail/preload.ts";
