import { readRegistration } from "../../status/mod.ts";
import { failureFrom, ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const SUBJECT = "registration";

/** The agent registration file: readable and right. */
export async function checkRegistration({ runtime, loaded }: Patient): Promise<Finding[]> {
  const { file } = loaded.config.agents;
  try {
    const agents = await readRegistration(runtime.files, file);
    if (agents.length === 0) {
      return [
        warning(
          SUBJECT,
          `${file} names no agents: no capability would be published`,
          "write it, when agents work on this host",
        ),
      ];
    }
    return [ok(SUBJECT, `${file} names ${agents.length} ${agents.length === 1 ? "agent" : "agents"}`)];
  } catch (thrown) {
    return [failureFrom(SUBJECT, thrown, `mend ${file}`)];
  }
}
