import * as z from "zod/mini";
import type { SectionDefinition } from "../definition.ts";
import { baseUrl, path, secret, wholeNumber } from "./values.ts";

/** The receiver of the status. Source: the status contract, "When" and "Who". */
export const openclaw = {
  description: "The receiver of the status.",
  settings: {
    baseUrl: {
      type: baseUrl,
      description:
        "The receiver: the status goes to `/openclaw/status` under it. Without it nothing is published. It must " +
        "be https, except to loopback or with `openclaw.allowPlainHttp`.",
      environment: "OPENCLAW_BASE_URL",
      isUrl: true,
      form: "URL",
    },
    apiKey: {
      type: secret,
      isSecret: true,
      description: "Sent to the receiver as `Authorization: Bearer`, and to nobody else.",
      environment: "OPENCLAW_API_KEY",
    },
    allowPlainHttp: {
      type: () => z.boolean(),
      default: false,
      description:
        "Publish over plain http to another host. Whoever is on the way can then read and change the status and " +
        "take the key.",
    },
    caFile: {
      type: path,
      description: "Certificate authorities (PEM) that are trusted for the receiver beside the platform's own.",
      isPath: true,
    },
    clientCertFile: {
      type: path,
      description: "The certificate (PEM) we show to the receiver: mutual TLS. Wants `openclaw.clientKeyFile`.",
      isPath: true,
    },
    clientKeyFile: {
      type: path,
      description: "The private key (PEM) of `openclaw.clientCertFile`.",
      isPath: true,
    },
    signRequests: {
      type: () => z.boolean(),
      default: false,
      description: "Sign each publication with the host's Ed25519 identity (RFC 9421), so that a receiver can tell " +
        "instances apart behind one shared key.",
    },
    intervalSeconds: {
      type: wholeNumber(1, 120),
      default: 30,
      description:
        "Time from one publication to the next. The contract recommends 30, or 60 to 120 for less frequent " +
        "updates. Readers call an instance gone after three intervals.",
    },
    timeoutSeconds: {
      type: wholeNumber(1, 60),
      default: 5,
      description: "How long one publication may take, connecting included, before it counts as failed.",
    },
  },
} satisfies SectionDefinition;
