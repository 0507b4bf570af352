import type { SectionDefinition } from "../definition.ts";
import { baseUrl, listenAddress, path, wholeNumber } from "./values.ts";

/** The receiving end. Source: the status contract, "The receiving end". */
export const hub = {
  description: "The receiving end: the hub.",
  settings: {
    listen: {
      type: listenAddress,
      default: "127.0.0.1:7411",
      description:
        "Where the hub takes `POST /openclaw/status` and answers `GET /v1/instances`. Port 0 takes a free one.",
      form: "HOST:PORT",
    },
    databaseFile: {
      type: path,
      default: ".barnacle/hub.sqlite",
      description: "The hub's database.",
      isPath: true,
    },
    tlsCertFile: {
      type: path,
      description: "Serve HTTPS with this certificate chain (PEM). Wants `hub.tlsKeyFile`.",
      isPath: true,
    },
    tlsKeyFile: {
      type: path,
      description: "The private key (PEM) of `hub.tlsCertFile`.",
      isPath: true,
    },
    requestsPerSecondPerKey: {
      type: wholeNumber(1, 1_000_000),
      default: 5_000,
      description: "Requests that one key may send each second in the long run; what exceeds it gets 429.",
    },
    burstPerKey: {
      type: wholeNumber(1, 1_000_000),
      default: 20_000,
      description: "Requests that one key may send at once after a pause.",
    },
    instancesMax: {
      type: wholeNumber(1, 10_000_000),
      default: 200_000,
      description: "Instances kept at most: it bounds the hub's memory and database.",
    },
    forgetAfterSeconds: {
      type: wholeNumber(60, 31_536_000),
      default: 86_400,
      description: "An instance not heard of for so long is forgotten.",
    },
    historyFile: {
      type: path,
      default: ".barnacle/hub-history.sqlite",
      description:
        "The database of histories and host telemetry: 100 to 200 kB for each instance after a month. It may be deleted while the " +
        "hub is stopped; the histories then begin anew.",
      isPath: true,
    },
    historyInstancesMax: {
      type: wholeNumber(0, 1_000_000),
      default: 20_000,
      description:
        "Instances whose history is kept, a day at 30 s and a month at 10 min: it bounds the hub's memory (3 kB each) and the " +
        "history's database. 0 keeps none.",
    },
    url: {
      type: baseUrl,
      description: "The hub that `status --hub` and `doctor` ask when they are given none.",
      isUrl: true,
      form: "URL",
    },
  },
} satisfies SectionDefinition;
