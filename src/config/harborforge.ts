/**
 * HarborForge's own configuration file of a Monitor, read as it stands. Loaded only where one is named. Source: the Monitor's contract,
 * "The heartbeat".
 *
 * @module
 */
import { getNodeValue, type Node, parseTree } from "jsonc-parser";
import { isLoopbackHost } from "../address.ts";
import { isBarnacleError } from "../errors.ts";
import type { Files } from "../runtime/port.ts";
import { placesOf, readConfigText } from "./file.ts";
import type { Given } from "./given.ts";
import type { Origin } from "./origin.ts";
import type { ConfigProblems } from "./problems.ts";
import { allSettings } from "./settings.ts";

/** What such a file gives. */
export interface HarborForgeFile {
  readonly given: readonly Given[];
  readonly warnings: readonly string[];
}

const SETTINGS: Readonly<Record<string, string>> = {
  backendUrl: "monitor.backendUrl",
  identifier: "monitor.identifier",
  apiKey: "monitor.apiKey",
  reportIntervalSec: "monitor.reportIntervalSec",
  logLevel: "log.level",
  rootFs: "monitor.rootFs",
  monitorPort: "monitor.port",
};

/** What others call our levels. */
const LEVELS: Readonly<Record<string, string>> = { trace: "debug", warning: "warn", fatal: "error", panic: "error" };

/**
 * Reads the file. Keys that are not listed are the old Monitor's own business; empty text and 0 mean "not set" there.
 *
 * @param origin where the file was named
 */
export async function givenByHarborForge(
  files: Pick<Files, "read">,
  path: string,
  origin: Origin,
  problems: ConfigProblems,
): Promise<HarborForgeFile> {
  const refuse = (fault: string, at: Origin = origin): HarborForgeFile => {
    problems.add({ code: "CONFIG_INVALID", path: "monitor.configFile", fault, origin: at });
    return { given: [], warnings: [] };
  };
  let text: string | undefined;
  try {
    text = await readConfigText(files, path, problems);
  } catch (thrown) {
    if (!isBarnacleError(thrown, "FILE_NOT_FOUND")) throw thrown;
    return refuse(`got ${JSON.stringify(path)}, which is not there, wanted HarborForge's configuration file`);
  }
  if (text === undefined) return { given: [], warnings: [] };
  const place = placesOf(text, path);
  const root = parse(text);
  if (root?.type !== "object") return refuse("got no JSON object, wanted HarborForge's configuration", place(0));
  const given = (root.children ?? []).flatMap(({ children: [key, value] = [] }) => {
    const setting = allSettings().get(SETTINGS[String(key?.value)] ?? "");
    if (setting === undefined || value === undefined) return [];
    const meant = meantBy(setting.path, getNodeValue(value));
    return meant === undefined ? [] : [{ setting, value: meant, origin: place(value.offset) }];
  });
  return withPlainHttp(given);
}

/** A file that is nested beyond reason, or broken, is none. */
function parse(text: string): Node | undefined {
  try {
    const errors: never[] = [];
    const root = parseTree(text, errors, { allowTrailingComma: true });
    return errors.length > 0 ? undefined : root;
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

function meantBy(path: string, value: unknown): unknown {
  if (value === "" || value === 0 || value === null) return undefined;
  if (path !== "log.level" || typeof value !== "string") return value;
  const level = value.toLowerCase();
  return LEVELS[level] ?? level;
}

/** The old Monitor took plain http without asking twice. What it was told counts on, and is said. */
function withPlainHttp(given: readonly Given[]): HarborForgeFile {
  const url = given.find(({ setting }) => setting.path === "monitor.backendUrl");
  const allow = allSettings().get("monitor.allowPlainHttp");
  const isPlain = typeof url?.value === "string" && URL.canParse(url.value) && /^http:/i.test(url.value);
  if (url === undefined || !isPlain || allow === undefined || isLoopbackHost(new URL(String(url.value)).hostname)) {
    return { given, warnings: [] };
  }
  return {
    given: [...given, { setting: allow, value: true, origin: url.origin }],
    warnings: [
      "monitor.backendUrl is plain http: whoever is on the way can read the telemetry and take the key; " +
      "use https, or say monitor.allowPlainHttp yourself",
    ],
  };
}
