/**
 * How a setting is written down: its type, its default and its words in one place.
 *
 * @module
 */
import type * as z from "zod/mini";

/** One setting. */
export interface SettingDefinition {
  /** What it does, and the consequence of changing it; whole sentences, Markdown code marks allowed. */
  readonly description: string;
  /**
   * Makes the type of its value. A function, because a start with a handful of settings given should not pay for the
   * types of all: making them takes longer than everything else that loading does.
   */
  readonly type: () => z.ZodMiniType;
  /** Without one the setting may be not set. */
  readonly default?: unknown;
  /** The default in words, where it is no constant. */
  readonly defaultWords?: string;
  /** The environment variable where a contract names one; else it is `BARNACLE_` and the path. */
  readonly environment?: string;
  /**
   * The value names a file: in the configuration file relative to that file, elsewhere to the work directory. In a list each item does that
   * is no URL.
   */
  readonly isPath?: boolean;
  /** The value is never shown, and may be read from a file of its own. */
  readonly isSecret?: boolean;
  /** In the environment the value is written as in the configuration file, in JSON. */
  readonly isJson?: boolean;
  /** The value is a URL: one that is refused is not shown, for it may carry a password. */
  readonly isUrl?: boolean;
  /** The form of the value, in words, where the type does not say enough. */
  readonly form?: string;
}

/** Settings that belong together. */
export interface SectionDefinition {
  readonly description: string;
  readonly settings: Readonly<Record<string, SettingDefinition>>;
}
