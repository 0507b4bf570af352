/**
 * The help flag, and what happens to a group that is named without any of its commands.
 *
 * @module
 */
import { help, text_en } from "@stricli/core";
import type { StricliIntegration } from "@stricli/core";
import { BarnacleError } from "../errors.ts";
import type { Invocation } from "./context.ts";
import { EXIT } from "./exit-codes.ts";

const HELP_FLAGS: readonly string[] = ["--help", "-h"];

type HelpFlag = NonNullable<StricliIntegration<Invocation>["flag"]>;

/** @param onlyRequired leaves flags out of usage lines: there is one for each command in the help of a group */
function parserHelp(onlyRequired: boolean): StricliIntegration<Invocation> & { readonly flag: HelpFlag } {
  const formatting = {
    useAliasInUsageLine: false,
    onlyRequiredInUsageLine: onlyRequired,
    caseStyle: "convert-camel-to-kebab",
  } as const;
  const { flag, ...rest } = help<Invocation>({
    brief: text_en.briefs.help,
    complete: true,
    defaultForRouteMap: true,
    formatting,
  });
  if (flag === undefined) {
    throw new BarnacleError({ code: "INTERNAL", action: "Build the help flag", value: "no flag" });
  }
  return { ...rest, flag };
}

/**
 * The help flag. For a group that is itself a command (`hub`) it shows that command's help, then the group's. A group
 * that was named
 * without any of its commands gets its help on standard error and counts as wrong usage: nothing was done.
 */
export function helpFlag(words: readonly string[]): StricliIntegration<Invocation> {
  const ofCommand = parserHelp(false);
  const ofGroup = parserHelp(true);
  return {
    ...ofCommand,
    flag: {
      ...ofCommand.flag,
      async run(application, details) {
        const { target } = details.result;
        if (!("getDefaultCommand" in target)) return await ofCommand.flag.run.call(this, application, details);
        const parser = this.process;
        const isAskedFor = words.some((word) => HELP_FLAGS.includes(word));
        const context = isAskedFor ? this : { ...this, process: { ...parser, stdout: parser.stderr } };
        const command = target.getDefaultCommand();
        if (command !== undefined) {
          const result = { ...details.result, target: command };
          await ofCommand.flag.run.call(context, application, { ...details, result });
          context.process.stdout.write("\n");
        }
        await ofGroup.flag.run.call(context, application, details);
        if (!isAskedFor) parser.exitCode = EXIT.usage;
      },
    },
  };
}
