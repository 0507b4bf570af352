/**
 * Everything that Barnacle loads when it is first wanted: a first `import()` takes real time, which no world waits for.
 *
 * @module
 */
import "../../../src/agents/mod.ts";
import "../../../src/cli/actions/hub.ts";
import "../../../src/cli/actions/hub-keys-add.ts";
import "../../../src/cli/actions/monitor.ts";
import "../../../src/cli/actions/report.ts";
import "../../../src/cli/actions/run.ts";
import "../../../src/cli/actions/up.ts";
import "../../../src/cli/parser.ts";
import "../../../src/cli/carried.ts";
import "../../../src/deadman/mod.ts";
import "../../../src/config/harborforge.ts";
import "../../../src/config/other-agents.ts";
import "../../../src/hub/mod.ts";
import "../../../src/instructions.ts";
import "../../../src/mail.ts";
import "../../../src/moltcomm/mod.ts";
import "../../../src/moltcomm/relay/mailbox/mod.ts";
import "../../../src/monitor.ts";
import "../../../src/moltcomm/sealing/suite.ts";
import "../../../src/status/mod.ts";
import "../../../src/waking.ts";
import "../../../src/watched.ts";
import "jsonc-parser";
import "ofetch";
