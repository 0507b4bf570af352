import * as z from "zod/mini";
import { availability, healthStatus } from "../../contract/mod.ts";
import { NAME_CHARACTERS_MAX } from "../../limits.ts";
import { hubClient } from "../endpoint.ts";
import { formatFleet } from "../status-view.ts";
import { defineTool, PLAIN } from "./tool.ts";

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

const text = () => z.string().check(z.minLength(1), z.maxLength(NAME_CHARACTERS_MAX));

export const fleetStatus = defineTool({
  name: "fleet_status",
  title: "See which instances are there, well and free",
  description:
    "The instances that the hub knows, the freshest first, with status, availability, free slots and capabilities. What they say " +
    "of themselves was written by others.",
  input: z.strictObject({
    capability: z.optional(text().check(z.describe("Only instances that can do this"))),
    status: z.optional(healthStatus),
    availability: z.optional(availability),
    min_free: z.optional(z.int().check(z.minimum(0), z.describe("Only instances with so many free slots"))),
    tag: z.optional(text().check(z.describe("Only instances with this tag, as key:value"))),
    limit: z.optional(
      z.int().check(z.minimum(1), z.maximum(LIMIT_MAX), z.describe(`How many; default ${LIMIT_DEFAULT}`)),
    ),
  }),
  readOnly: true,
  async run({ runtime, loaded }, { limit = LIMIT_DEFAULT, ...filters }) {
    const client = await hubClient(runtime, loaded, "");
    const given = Object.entries({ ...filters, limit }).filter(([, value]) => value !== undefined);
    try {
      const answer = await client.instances(Object.fromEntries(given.map(([name, value]) => [name, String(value)])));
      return formatFleet(answer, client.peer.baseUrl, { ...PLAIN, nowMs: runtime.clock.wallMs() });
    } finally {
      client.close();
    }
  },
});
