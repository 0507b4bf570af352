import * as z from "zod/mini";
import { HEARTBEAT_PATHS, name } from "../../contract/mod.ts";
import type { SectionDefinition } from "../definition.ts";
import { baseUrl, path, secret, wholeNumber } from "./values.ts";

const DAY_SECONDS = 86_400;
/** A backend calls a server offline after about 7 minutes. Source: the Monitor's contract, "The heartbeat". */
const INTERVAL_SECONDS_MAX = 300;
const PATH_CHARACTERS_MAX = 512;

function urlPath(): z.ZodMiniString {
  const error = "a path that begins with /, without query and fragment";
  return z.string().check(z.maxLength(PATH_CHARACTERS_MAX), z.regex(/^\/[^\s?#]*$/, { error }));
}

/** The Monitor of this host. Source: the Monitor's contract. */
export const monitor = {
  description:
    "The Monitor: measures this host, answers the OpenClaw side on a local port (the bridge), and reports to a HarborForge " +
    "backend. Alone as `barnacle monitor`, or a part of `barnacle run`.",
  settings: {
    enabled: {
      type: () => z.enum(["auto", "on", "off"]),
      default: "auto",
      description:
        "Whether `barnacle run` is the Monitor of this host. `auto`: when `monitor.backendUrl` is set, and no other Monitor " +
        "answers on `monitor.port`; one that does is used, not fought, and followed when it goes. `on`: in any case. `off`: never.",
    },
    port: {
      type: wholeNumber(0, 65_535),
      default: 9_100,
      description:
        "The bridge's port on 127.0.0.1: ours when we are the Monitor, else that of the Monitor we ask. 0 takes a free one. " +
        "Prometheus' node exporter has the same default; what is there is named in the log.",
      environment: "MONITOR_PORT",
    },
    client: {
      type: () => z.enum(["auto", "on", "off"]),
      default: "auto",
      description:
        "Whether `barnacle run` looks for a Monitor on `monitor.port`, shows what it measures, and tells it about OpenClaw. `auto`: " +
        "one that is not there is no error, and is found when it comes. `on`: it is a problem. `off`: nobody is asked.",
    },
    push: {
      type: () => z.boolean(),
      default: true,
      description:
        "Whether the Monitor is told OpenClaw's version and agents. `false` where OpenClaw's own plugin tells it: what is told last " +
        "counts, and the plugin knows more.",
    },
    identifier: {
      type: () => name,
      description: "The name under which the backend knows this host. No two hosts may share it.",
      defaultWords: "the host's name",
    },
    backendUrl: {
      type: baseUrl,
      description:
        "The backend that takes the heartbeats: `monitor.backendPath` is put under it. It must be https, except to loopback or " +
        "with `monitor.allowPlainHttp`. A Barnacle hub is a backend too.",
      isUrl: true,
      form: "URL",
    },
    backendPath: {
      type: urlPath,
      default: HEARTBEAT_PATHS[0],
      description:
        `Where under \`monitor.backendUrl\` the heartbeat goes. When the backend answers 404 or 405 to \`${
          HEARTBEAT_PATHS[0]
        }\` or ` +
        `\`${HEARTBEAT_PATHS[1]}\`, the other of the two is tried once, and what worked is kept.`,
      form: "path",
    },
    apiKey: {
      type: secret,
      isSecret: true,
      description: "Sent to the backend as `X-API-Key`, and to nobody else.",
      environment: "HF_MONITER_API_KEY",
    },
    allowPlainHttp: {
      type: () => z.boolean(),
      default: false,
      description:
        "Report over plain http to another host. Whoever is on the way can then read the telemetry and take the key.",
    },
    caFile: {
      type: path,
      description: "Certificate authorities (PEM) that are trusted for the backend beside the platform's own.",
      isPath: true,
    },
    reportIntervalSec: {
      type: wholeNumber(1, INTERVAL_SECONDS_MAX),
      default: 30,
      description:
        "Seconds from one heartbeat to the next, and from one sample to the next. The backend calls a host offline after about " +
        "7 minutes of silence.",
    },
    timeoutSec: {
      type: wholeNumber(1, 60),
      default: 10,
      description: "How long one heartbeat may take, connecting included, before it counts as failed.",
    },
    rootFs: {
      type: path,
      default: "/",
      description:
        "Where the host's root file system is: its use is `disk_pct`. In a container it is where the host's is mounted, such as " +
        "`/host`; `/host/proc` and `/host/etc/nginx` are then read too, if they are there.",
      defaultWords: "`/`, on Windows the drive of the system",
      isPath: true,
    },
    configFile: {
      type: path,
      description:
        "HarborForge's own configuration file, such as `/etc/harborforge-monitor/config.json`: its `backendUrl`, `identifier`, " +
        "`apiKey`, `reportIntervalSec`, `logLevel`, `rootFs` and `monitorPort` count where nothing of ours says otherwise.",
      isPath: true,
    },
    metadataExpirySec: {
      type: wholeNumber(1, DAY_SECONDS),
      description:
        "What the OpenClaw side pushed (version, plugin version, agents) is dropped from the heartbeat when nothing was pushed " +
        "for so long. Not set: it stays until it is replaced.",
    },
  },
} satisfies SectionDefinition;
