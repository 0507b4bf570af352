/**
 * The reference page of the configuration, as Markdown. Loaded only when it is asked for.
 *
 * @module
 */
import * as z from "zod/mini";
import { configSections } from "./schema.ts";
import { allSettings, SECRET_FILE_SUFFIX, type Setting } from "./settings.ts";

/** An example that shows what the format allows. A test loads it. */
export const CONFIG_EXAMPLE = `{
  "$schema": "./docs/config.schema.json",
  // What is not here keeps its default.
  "service": {
    "name": "project-chimera",
    "agentName": "Chimera",
    "tags": { "region": "eu-west", "gpu": "a100" },
  },
  "openclaw": {
    "baseUrl": "https://status.example.com",
    "apiKey": { "file": "secrets/openclaw-api-key" }, // relative to this file
    "intervalSeconds": 60,
  },
}
`;

const INTRODUCTION = `# Configuration

<!-- Made from the schema in src/config by \`npm run docs\`. Changes belong there. -->

Every setting has a default, so Barnacle runs without any configuration. A value is taken from the first of these that
has it:

1. a flag of the command line,
2. the environment,
3. the configuration file,
4. the default.

\`barnacle config show\` prints every setting with its value and where it came from; \`barnacle config check\` says
what is wrong.

**The file** is the one that \`--config\` names, else the one that \`BARNACLE_CONFIG\` names, else \`barnacle.json\`
in the work directory (\`--dir\`) if it is there. It is JSON, with comments and trailing commas allowed. Unknown keys
are refused. [config.schema.json](config.schema.json) describes it to editors.

**File names** in the configuration file are relative to that file; those in flags and the environment, and the
defaults, to the work directory.

**The environment**: each setting has the variable that its table names. An empty variable counts as unset. Numbers
are decimal, \`true\`/\`1\` and \`false\`/\`0\` are the switches, tags are \`name=text,name=text\`, the items of
a list are separated by commas.

**Secrets** are never taken from the command line, where every user of the host could read them. Each can stand in its
variable, in the file that its variable with \`${SECRET_FILE_SUFFIX}\` appended names (both at once are refused), or
in the configuration file, as text or as \`{ "file": "PATH" }\`. One line feed at the end of a file is no part of the
secret. No command, log or error shows one.

\`\`\`jsonc
${CONFIG_EXAMPLE}\`\`\`
`;

/** The reference page: the rules, an example, and a table of settings for each section. The same at every call. */
export function makeConfigReference(): string {
  const settings = [...allSettings().values()];
  const sections = Object.entries(configSections).map(([name, { description }]) => {
    const rows = settings.filter((setting) => setting.section === name).map(rowOf);
    return `\n## ${name}\n\n${description}\n\n${HEADER}${rows.join("")}`;
  });
  return INTRODUCTION + sections.join("");
}

const HEADER = `| setting | what it does | value | default | environment |
| --- | --- | --- | --- | --- |
`;

function rowOf(setting: Setting): string {
  const variables = setting.isSecret === true
    ? `\`${setting.variable}\`, \`${setting.variable}${SECRET_FILE_SUFFIX}\``
    : `\`${setting.variable}\``;
  const cells = [
    `\`${setting.path}\``,
    setting.description,
    valueWords(setting),
    defaultWords(setting),
    variables,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
}

function defaultWords({ defaultWords, default: value }: Setting): string {
  if (defaultWords !== undefined) return defaultWords;
  if (value === undefined) return "not set";
  return typeof value === "object" ? "none" : `\`${String(value as string | number | boolean)}\``;
}

function valueWords({ isSecret, isPath, form, type }: Setting): string {
  if (isSecret === true) return "secret";
  if (form !== undefined) return form;
  if (isPath === true) return "file name";
  const made = z.toJSONSchema(type());
  if (made.enum !== undefined) return made.enum.map((choice) => `\`${String(choice)}\``).join(", ");
  if (made.type === "boolean") return "`true` or `false`";
  if (made.type === "string") return "text";
  return `${made.type === "integer" ? "whole number" : "number"}, ${made.minimum} to ${made.maximum}`;
}
