/** Pieces of the Prometheus text exposition format, version 0.0.4. @module */

/** The `content-type` of what `render` gives. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A number as the format writes it. */
export function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}

/** The `# HELP` and `# TYPE` lines of a metric. */
export function headText(name: string, kind: string, help: string): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${kind}\n`;
}

/** `a="1",b="2"`, values escaped; empty without labels. */
export function labelsText(names: readonly string[], values: readonly string[]): string {
  return names.map((name, index) => `${name}="${escapeLabelValue(values[index] ?? "")}"`).join(",");
}

/** `{…}`, or nothing around nothing. */
export function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

function escapeLabelValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
