import { explainConfig, formatOrigin } from "../../config/mod.ts";
import type { ConfigShowFlags } from "../commands/config.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { formatTable } from "../table.ts";
import { safeJson, wantsColour } from "../terminal.ts";

export default async function configShow(this: Invocation, flags: ConfigShowFlags): Promise<void> {
  const loaded = await loadConfiguration(this.cli, flags);
  const { process } = this.cli.runtime;
  const { standardOutput } = process;
  const settings = explainConfig(loaded);
  if (flags.json) {
    const rows = settings.map((
      { path, value, origin },
    ) => [path, { value: value ?? null, origin: formatOrigin(origin) }]);
    standardOutput.write(`${safeJson({ file: loaded.file ?? null, settings: Object.fromEntries(rows) })}\n`);
    return;
  }
  standardOutput.write(formatTable({
    columns: [{ title: "SETTING" }, { title: "VALUE", widthMin: 12 }, { title: "FROM", widthMin: 12 }],
    rows: settings.map(({ path, value, origin }) => {
      const tone = origin.kind === "default" ? { tone: "faint" as const } : {};
      return [path, { text: showValue(value), ...tone }, { text: formatOrigin(origin), ...tone }];
    }),
    widthMax: standardOutput.columns,
    colour: wantsColour(standardOutput, process.environment()),
  }));
}

function showValue(value: unknown): string {
  if (value === undefined) return "-";
  return typeof value === "string" ? value : JSON.stringify(value);
}
