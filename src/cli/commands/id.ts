import { anyText, commonFlags, defineCommand, switchFlag, textFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface IdFlags extends CommonFlags {
  readonly invitation: boolean | undefined;
  /** The empty string: `--export` without a file. */
  readonly export: string | undefined;
  readonly import: string | undefined;
  readonly json: boolean | undefined;
}

export const idCommand = defineCommand<IdFlags>({
  help: {
    brief: "Show who this host is: node id, fingerprint, and the invitation for others",
    details: "Makes the identity if there is none. The fingerprint is short enough to be compared by voice: somebody " +
      "who has taken up your invitation sees the same digits in barnacle contacts list.\n\n" +
      "--export writes the private key, PKCS#8 in PEM: to a new file that only you can read, or to standard " +
      "output unless that is a terminal. --import takes such a file, DER or base64 too (- is standard input); " +
      "it replaces no other identity.\n\n" +
      'JSON: {"node_id", "pub", "fingerprint", "invitation", "addresses"}.',
    examples: [
      ["id", "Everything"],
      ["id --invitation", "The invitation alone, for a script"],
      ["id --export key.pem", "Save the key"],
      ["id --import key.pem --dir /var/lib/barnacle", "This host becomes who another one was"],
    ],
  },
  parameters: {
    flags: {
      invitation: switchFlag("Print the invitation alone"),
      export: {
        kind: "parsed",
        parse: anyText,
        optional: true,
        inferEmpty: true,
        placeholder: "FILE",
        brief: "Write the private key to a new file, or to standard output",
      },
      import: textFlag("Take the private key in this file as the identity", "FILE"),
      json: switchFlag("Print JSON"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/id.ts"),
});
