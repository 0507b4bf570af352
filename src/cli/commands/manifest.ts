import { buildRouteMap } from "@stricli/core";
import { anyText, commonFlags, composeDocs, defineCommand, switchFlag, textFlag, textsFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";
import type { Invocation } from "../context.ts";
import { parseCount } from "../count.ts";
import { dictionary } from "../dictionary.ts";

const SOURCE_WORDS = "A file, a folder with a / at its end, or an https URL of either";

export interface ManifestMakeFlags extends CommonFlags {
  readonly relay: readonly string[] | undefined;
  readonly days: number | undefined;
  readonly out: string | undefined;
}

const makeCommand = defineCommand<ManifestMakeFlags, string[]>({
  help: {
    brief: "Write a manifest: which relays there are, and until when",
    details:
      "Each INFO is a file with what barnacle relay info --json printed on a relay (- is standard input). A relay " +
      "can also be given by its parts, as PUB@ADDRESS[,ADDRESS…]. Everything is checked before anything is written.",
    examples: [
      ["manifest make relay-1.json relay-2.json", "Two relays, for 30 days"],
      ["manifest make --days 7 --relay MCow…=@relay://relay.example:9100", "From the parts of one, for a week"],
    ],
  },
  parameters: {
    flags: {
      relay: textsFlag("A relay by its public key and addresses; may be repeated", "PUB@ADDRESS"),
      days: {
        kind: "parsed",
        parse: parseCount,
        optional: true,
        placeholder: "DAYS",
        brief: "It expires after so many days [default = 30]",
      },
      out: textFlag("Write it here; - is standard output [default = bootstrap-manifest.json]", "FILE"),
      ...commonFlags(),
    },
    positional: {
      kind: "array",
      parameter: { parse: anyText, brief: "What a relay says of itself", placeholder: "INFO" },
    },
  },
  load: () => import("../actions/manifest-make.ts"),
});

export interface ManifestSignFlags extends CommonFlags {
  readonly key: string | undefined;
}

const signCommand = defineCommand<ManifestSignFlags, [string?]>({
  help: {
    brief: "Sign a manifest: the signature goes into a file beside it, .sig in place of .json",
    details:
      "A manifest of which clients would leave something out is not signed. Standard output carries the public " +
      "key alone: what clients pin as moltcomm.manifestPub.",
    examples: [
      ["manifest sign", "bootstrap-manifest.json, with the identity of the work directory"],
      ["manifest sign --key publisher.pem public/bootstrap-manifest.json", "With a key that is no host's"],
    ],
  },
  parameters: {
    flags: {
      key: textFlag("Private key to sign with [default = the identity of the work directory]", "FILE"),
      ...commonFlags(),
    },
    positional: {
      kind: "tuple",
      parameters: [{
        parse: anyText,
        brief: "The manifest [default = bootstrap-manifest.json]",
        placeholder: "FILE",
        optional: true,
      }],
    },
  },
  load: () => import("../actions/manifest-sign.ts"),
});

export interface ManifestVerifyFlags extends CommonFlags {
  readonly pub: string | undefined;
  readonly json: boolean | undefined;
}

const JSON_WORDS = '{"source", "verified", "generated_ts", "expires_ts", "relays": [{"node_id", "pub", "addrs", ' +
  '"expires_ts"}], "left_out": [{"relay", "code", "detail"}]}, times in Unix milliseconds';

const verifyCommand = defineCommand<ManifestVerifyFlags, [string]>({
  help: {
    brief: "Check a manifest as a client does: signature, content and times",
    details:
      "Exit code 0 when a client that pins the key would take it, else 1 with the reason. What a client would leave " +
      `out of it is told beside.\n\nJSON: ${JSON_WORDS}.`,
    examples: [
      ["manifest verify https://relays.example/bootstrap-manifest.json --pub MCow…=", "What is published, by its key"],
      ["manifest verify ./", "The files here, by the key of moltcomm.manifestPub"],
    ],
  },
  parameters: {
    flags: {
      pub: textFlag("Public key that must have signed it [default = moltcomm.manifestPub]", "KEY"),
      json: switchFlag("Print JSON"),
      ...commonFlags(),
    },
    positional: { kind: "tuple", parameters: [{ parse: anyText, brief: SOURCE_WORDS, placeholder: "SOURCE" }] },
  },
  load: () => import("../actions/manifest-verify.ts"),
});

export interface ManifestShowFlags extends CommonFlags {
  readonly json: boolean | undefined;
}

const showCommand = defineCommand<ManifestShowFlags, [string?]>({
  help: {
    brief: "Show the manifest that this host uses, or any other",
    details:
      "Without SOURCE it is the last one that the agent of the work directory verified and kept. With it, what is " +
      `there, whoever signed it: barnacle manifest verify checks that.\n\nJSON: ${JSON_WORDS}.`,
    examples: [["manifest show", "Which relays this host was told of"], ["manifest show ./", "The file here"]],
  },
  parameters: {
    flags: { json: switchFlag("Print JSON"), ...commonFlags() },
    positional: {
      kind: "tuple",
      parameters: [{ parse: anyText, brief: SOURCE_WORDS, placeholder: "SOURCE", optional: true }],
    },
  },
  load: () => import("../actions/manifest-show.ts"),
});

export const manifestRoutes = buildRouteMap<"make" | "sign" | "verify" | "show", Invocation>({
  routes: dictionary({ make: makeCommand, sign: signCommand, verify: verifyCommand, show: showCommand }),
  docs: composeDocs({
    brief: "Publish a signed list of relays, or look at one",
    details: "Clients take the list from moltcomm.manifestSources when moltcomm.manifestPub signed it.",
    examples: [
      ["manifest make relay.json", "Write it"],
      ["manifest sign", "Sign it, then publish both files"],
      ["manifest show", "Which relays this host was told of"],
    ],
  }),
});
