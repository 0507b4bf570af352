/**
 * The plugin's configuration, `plugins.entries.barnacle.config`. The gateway checks its shape against the manifest's schema.
 *
 * @module
 */

/** Read leniently: whatever is wrong here, the gateway's start must not suffer. */
export interface Settings {
  /** Where the metadata goes: our agent, or straight to a Monitor's bridge. Without a slash at its end. */
  readonly pushUrl: string;
  readonly token: string | undefined;
  readonly reportIntervalMs: number;
  /** The barnacle executable, for the tools. */
  readonly command: string;
  /** By agent: the directory that holds its `.moltcomm`. */
  readonly workDirectories: Readonly<Record<string, string>>;
  /** The file with the key of the routes that the plugin serves; without it they refuse everybody. */
  readonly keyFile: string | undefined;
  readonly isReceiver: boolean;
  /** Where the receiver keeps what it heard, so that a restart forgets nothing; without it, in memory alone. */
  readonly receivedFile: string | undefined;
}

const BARNACLE_URL = "http://127.0.0.1:7410";
const REPORT_INTERVAL_SECONDS = 30;

/** @param given as the gateway delivers it */
export function readSettings(given: unknown): Settings {
  const config = typeof given === "object" && given !== null ? given as Readonly<Record<string, unknown>> : {};
  const text = (name: string): string | undefined => {
    const value = config[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const seconds = config["reportIntervalSec"];
  return {
    pushUrl: (text("monitorUrl") ?? text("barnacleUrl") ?? BARNACLE_URL).replace(/\/+$/, ""),
    // A Monitor's bridge knows no token, and must not learn ours.
    token: text("monitorUrl") === undefined ? text("token") : undefined,
    reportIntervalMs: (typeof seconds === "number" && seconds >= 1 ? seconds : REPORT_INTERVAL_SECONDS) * 1_000,
    command: text("command") ?? "barnacle",
    workDirectories: readDirectories(config["workDirectories"]),
    keyFile: text("keyFile"),
    isReceiver: config["receiver"] === true,
    receivedFile: text("receivedFile"),
  };
}

function readDirectories(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
