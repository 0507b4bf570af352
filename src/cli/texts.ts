/**
 * What the parser says, in our form: one message, one hint.
 *
 * @module
 */
import { ArgumentParseError, ArgumentScannerError, text_en } from "@stricli/core";
import type { ApplicationText } from "@stricli/core";
import { BarnacleError, isBarnacleError } from "../errors.ts";

/** What the words are about. */
export interface TextsInit {
  /** The command that was named, as far as it was, with the program's name: `barnacle hub keys`. */
  readonly command: string;
  /** A failure as the text to print. */
  readonly formatFailure: (thrown: unknown) => string;
}

/** The parser ends what a formatter returns with a line feed of its own. */
export function buildTexts(init: TextsInit): ApplicationText {
  const format = (thrown: unknown) => init.formatFailure(thrown).replace(/\n$/, "");
  const usage = (message: string) => format(new UsageError(message, `${init.command} --help shows what there is`));
  return {
    ...text_en,
    noCommandRegisteredForInput: ({ input, corrections }) => {
      if (input.startsWith("-")) return usage(`A command is missing before ${JSON.stringify(input)}`);
      const suggestion = corrections.length === 0
        ? ""
        : `, did you mean ${corrections.join(" or ").replaceAll("`", "")}?`;
      return usage(`No command ${JSON.stringify(input)}${suggestion}`);
    },
    exceptionWhileParsingArguments: (thrown) => {
      if (thrown instanceof ArgumentParseError && isBarnacleError(thrown.exception)) {
        const flag = thrown.externalFlagNameOrPlaceholder;
        return usage(`${/^[a-z]/.test(flag) ? "--" : ""}${flag}: ${describeValue(thrown.exception)}`);
      }
      return thrown instanceof ArgumentScannerError ? usage(thrown.message) : format(thrown);
    },
    exceptionWhileLoadingCommandFunction: format,
    exceptionWhileLoadingCommandContext: format,
    exceptionWhileRunningCommand: format,
    commandErrorResult: format,
    exceptionWhileRunningIntegrationHook: ({ exception }) => format(exception),
    exceptionWhileRunningIntegrationFlag: ({ exception }) => format(exception),
  };
}

/** A wrong command line in the parser's own words, which do not follow the grammar of our messages. */
class UsageError extends BarnacleError {
  constructor(message: string, hint: string) {
    super({ code: "USAGE", action: message, hint });
    this.message = message;
  }
}

function describeValue(error: BarnacleError): string {
  return `got ${error.value ?? "nothing"}, wanted ${error.wanted ?? "something else"}`;
}
