import * as z from "zod/mini";
import type { SectionDefinition } from "../definition.ts";
import { path, secret, wholeNumber } from "./values.ts";

/** Who is to notice when this host falls silent. */
export const deadman = {
  description:
    "The dead-man's switch: an address of a watcher (Healthchecks, Uptime Kuma, Gatus or another) that is requested after each " +
    "publication that was taken, or at the same interval where nothing is published. The watcher raises the alarm when it is not.",
  settings: {
    url: {
      type: secret,
      isSecret: true,
      description:
        "The address, as the watcher shows it. Whoever knows it can keep the watcher quiet, so it is kept like a key. It must be " +
        "https, except to loopback or with `deadman.allowPlainHttp`. Without it there is no switch.",
      form: "URL",
    },
    kind: {
      type: () => z.enum(["auto", "healthchecks", "uptime-kuma", "gatus", "plain"]),
      default: "auto",
      description:
        "How the watcher is told that this host is degraded: `healthchecks` by `/fail` behind the address, `uptime-kuma` by " +
        "`status=down`, `gatus` by `success=false`, `plain` by silence. `auto` tells them apart by the address.",
    },
    token: {
      type: secret,
      isSecret: true,
      description: "Sent to the watcher as `Authorization: Bearer`: the token of a Gatus external endpoint.",
    },
    allowPlainHttp: {
      type: () => z.boolean(),
      default: false,
      description: "Request over plain http on another host. Whoever is on the way can then read the address.",
    },
    caFile: {
      type: path,
      description: "Certificate authorities (PEM) that are trusted for the watcher beside the platform's own.",
      isPath: true,
    },
    timeoutSeconds: {
      type: wholeNumber(1, 60),
      default: 10,
      description: "How long one request may take, connecting included, before it counts as failed.",
    },
  },
} satisfies SectionDefinition;
