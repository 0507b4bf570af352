/**
 * The configuration's one schema: what is loaded, the JSON Schema and the reference page are all made from it.
 *
 * It is written down as definitions, from which the whole zod schema is made when somebody asks for it.
 *
 * @module
 */
import * as z from "zod/mini";
import type { SectionDefinition, SettingDefinition } from "./definition.ts";
import { deadman } from "./sections/deadman.ts";
import { gateway } from "./sections/gateway.ts";
import { health } from "./sections/health.ts";
import { http } from "./sections/http.ts";
import { hub } from "./sections/hub.ts";
import { log } from "./sections/log.ts";
import { mailbox } from "./sections/mailbox.ts";
import { moltcomm } from "./sections/moltcomm.ts";
import { monitor } from "./sections/monitor.ts";
import { openclaw } from "./sections/openclaw.ts";
import { relayMailbox } from "./sections/relay-mailbox.ts";
import { relay } from "./sections/relay.ts";
import { agents, service } from "./sections/service.ts";
import { waking } from "./sections/waking.ts";

/** Every section, in the order in which people read them. */
export const configSections = {
  service,
  agents,
  http,
  openclaw,
  gateway,
  waking,
  monitor,
  deadman,
  moltcomm,
  mailbox,
  relay,
  relayMailbox,
  health,
  log,
  hub,
} as const;

type Sections = typeof configSections;

/** A setting with a default always has a value; without one it may be not set. */
type ValuesOf<Settings> =
  & { readonly [Name in keyof Settings as Settings[Name] extends Defaulted ? Name : never]: ValueOf<Settings[Name]> }
  & {
    readonly [Name in keyof Settings as Settings[Name] extends Defaulted ? never : Name]?:
      | ValueOf<Settings[Name]>
      | undefined;
  };
type Defaulted = { readonly default: unknown };
type ValueOf<Setting> = Setting extends { readonly type: () => infer Type extends z.ZodMiniType } ? z.output<Type>
  : never;

/** The whole configuration: every setting with its value, files as resolved paths, secrets as `Secret`. */
export type Config = { readonly [Section in keyof Sections]: ValuesOf<Sections[Section]["settings"]> };

/** One setting as a part of the schema: its type, with its default or none. */
function settingSchema(definition: SettingDefinition): z.ZodMiniType {
  const type = definition.type();
  return definition.default === undefined ? z.optional(type) : z._default(type, definition.default);
}

/**
 * The schema of a whole configuration; every object is strict.
 *
 * @param onSetting told of each setting's part as it is made
 */
export function configSchema(onSetting?: (path: string, schema: z.ZodMiniType) => void): z.ZodMiniType {
  const sections = Object.entries<SectionDefinition>(configSections).map(([section, { settings }]) => {
    const parts = Object.entries(settings).map(([name, definition]) => {
      const schema = settingSchema(definition);
      onSetting?.(`${section}.${name}`, schema);
      return [name, schema] as const;
    });
    return [section, z.prefault(z.strictObject(Object.fromEntries(parts)), {})] as const;
  });
  return z.strictObject(Object.fromEntries(sections));
}
