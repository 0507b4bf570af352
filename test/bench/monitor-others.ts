/** Other programs that measure a host, as Debian ships them: Prometheus' node exporter and collectd. */
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Server } from "./servers.ts";
import type { Workshop } from "./workshop.ts";

/** Where Debian puts programs and servers. */
const FOLDERS = ["/usr/bin", "/usr/sbin"];

export interface OtherKind {
  readonly name: string;
  readonly program: string;
  /** What Debian calls all that it takes. */
  readonly packageNames: string;
  readonly versionWord: string;
  /** Writes its configuration. @returns its arguments */
  configure(folder: string, port: number): string[];
}

/** With the collectors that it has by default. */
export const NODE_EXPORTER: OtherKind = {
  name: "node exporter",
  program: "prometheus-node-exporter",
  packageNames: "prometheus-node-exporter",
  versionWord: "--version",
  configure: (_folder, port) => [`--web.listen-address=127.0.0.1:${port}`],
};

/** With what a heartbeat tells, at a heartbeat's pace. */
export const COLLECTD: OtherKind = {
  name: "collectd",
  program: "collectd",
  packageNames: "collectd-core libmicrohttpd12 libprotobuf-c1",
  versionWord: "-h",
  configure(folder, port) {
    const plugins = ["cpu", "memory", "swap", "load", "uptime", "df"].map((name) => `LoadPlugin ${name}`);
    const lines = [
      `BaseDir "${folder}"`,
      `PIDFile "${join(folder, "collectd.pid")}"`,
      "Interval 30",
      ...plugins,
      "LoadPlugin write_prometheus",
      `<Plugin write_prometheus>`,
      `  Host "127.0.0.1"`,
      `  Port "${port}"`,
      "</Plugin>",
      '<Plugin df>\n  MountPoint "/"\n</Plugin>',
    ];
    writeFileSync(join(folder, "collectd.conf"), `${lines.join("\n")}\n`);
    return ["-f", "-C", join(folder, "collectd.conf")];
  },
};

/** What is said in the place of figures when it is not there. */
export function notInstalled({ packageNames }: OtherKind): string {
  return `not installed: apt-get install ${packageNames}`;
}

/** Its file; `undefined` when it is not installed. */
function fileOf({ program }: OtherKind): string | undefined {
  return FOLDERS.map((folder) => join(folder, program)).find((file) => existsSync(file));
}

/** Its version; `undefined` when it is not installed. */
export function otherVersion(kind: OtherKind): string | undefined {
  const file = fileOf(kind);
  if (file === undefined) return undefined;
  const { stdout, stderr } = spawnSync(file, [kind.versionWord], { encoding: "utf8" });
  return /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? "unknown";
}

/** Starts it. @throws Error with its own words when it does not answer */
export async function startOther(workshop: Workshop, kind: OtherKind): Promise<Server> {
  const folder = workshop.folder(kind.program);
  const port = await freePort();
  return await workshop.startOther({
    words: [fileOf(kind) ?? kind.program, ...kind.configure(folder, port)],
    environment: { PATH: FOLDERS.join(":"), HOME: folder },
    port,
    path: "/metrics",
    logFile: join(folder, "bench.log"),
  });
}
