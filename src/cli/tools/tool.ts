/**
 * What an agent is offered as a tool, whichever way it reaches us.
 *
 * @module
 */
import type * as z from "zod/mini";
import type { LoadedConfig } from "../../config/mod.ts";
import type { Runtime } from "../../runtime/port.ts";

/** What a tool works with. */
export interface ToolContext {
  readonly runtime: Runtime;
  /** The configuration of the work directory whose mail and agent are meant. */
  readonly loaded: LoadedConfig;
}

/** A tool. Its answer is text for a language model: what strangers wrote stands in it behind bars, as `inbox` shows it. */
export interface Tool<Input = unknown> {
  /** Snake case, as tools are named. */
  readonly name: string;
  readonly title: string;
  /** For the model that chooses it. */
  readonly description: string;
  readonly input: z.ZodMiniType<Input>;
  /** Whether it changes nothing. */
  readonly readOnly: boolean;
  /** @throws what an operator would be told */
  run(context: ToolContext, input: Input): Promise<string>;
}

/** A tool whose input's type is taken from its schema. */
export function defineTool<Input>(tool: Tool<Input>): Tool {
  return { ...tool, input: tool.input, run: (context, input) => tool.run(context, input as Input) };
}

/** Text without colours and without a width, as of a page. */
export const PLAIN = { widthMax: undefined, colour: false } as const;
