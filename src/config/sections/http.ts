import type { SectionDefinition } from "../definition.ts";
import { listenAddress, path, secret } from "./values.ts";

/** The agent's own HTTP listener. */
export const http = {
  description: "The agent's own HTTP listener.",
  settings: {
    listen: {
      type: listenAddress,
      default: "127.0.0.1:7410",
      description:
        "Where the agent answers `/status`, `/capabilities`, `/report` and the rest. Port 0 takes a free one. " +
        "An address that other hosts can reach is refused without `http.token`.",
      form: "HOST:PORT",
    },
    token: {
      type: secret,
      isSecret: true,
      description:
        "Callers must send it as `Authorization: Bearer` to everything but `/healthz`. Without it everybody on " +
        "this host may ask and report.",
    },
    tlsCertFile: {
      type: path,
      description: "Serve HTTPS with this certificate chain (PEM). Wants `http.tlsKeyFile`.",
      isPath: true,
    },
    tlsKeyFile: {
      type: path,
      description: "The private key (PEM) of `http.tlsCertFile`.",
      isPath: true,
    },
  },
} satisfies SectionDefinition;
