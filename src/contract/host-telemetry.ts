/**
 * What is measured of a host. Source: the Monitor's contract, "The heartbeat".
 *
 * @module
 */
import * as z from "zod/mini";
import { NGINX_SITES_MAX } from "../limits.ts";

const SITE_CHARACTERS_MAX = 255;

const percentage = () => z.number().check(z.minimum(0), z.maximum(100));
const atLeastZero = () => z.number().check(z.minimum(0));

/** The fields as one shape; made on demand, because a shape cannot be lazy. */
const fields = () => ({
  /** Busy share of all cores together, 0 to 100. */
  cpu_pct: percentage(),
  /** 1 − MemAvailable/MemTotal, 0 to 100. */
  mem_pct: percentage(),
  /** used/(used + available) of one file system, as `df` has it, 0 to 100. */
  disk_pct: percentage(),
  /** 0 without swap. */
  swap_pct: percentage(),
  /** Over 1, 5 and 15 minutes. */
  load_avg: z.tuple([atLeastZero(), atLeastZero(), atLeastZero()]),
  /** Of the host. */
  uptime_seconds: atLeastZero(),
  nginx_installed: z.boolean(),
  /** The names in `/etc/nginx/sites-enabled`. */
  nginx_sites: z.array(z.string().check(z.maxLength(SITE_CHARACTERS_MAX))).check(z.maxLength(NGINX_SITES_MAX)),
});

/** The hardware fields, all of them: what a Barnacle sends. */
export const hostTelemetry = z.lazy(() => z.object(fields()));
export type HostTelemetry = z.infer<typeof hostTelemetry>;

/** The hardware fields of a stranger, who may know fewer. One that is there has its type; unknown ones are left out. */

/** For shapes that hold the hardware fields beside others. */
export const hostTelemetryFields = fields;

/** The same, each of them optional. */
export const receivedHostTelemetryFields = () => z.partial(z.object(fields())).shape;
