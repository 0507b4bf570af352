/**
 * Network namespaces of Linux, as tests use them: named after the process that made them, so that what a killed run left behind is found
 * and removed by the next one.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

const NAME_REGEXP = /^barnacle-(\d+)-/;
/** Where one package alone does not bring them: `ip` is in iproute2, `nft` in nftables. */
const PROGRAMS = ["ip", "nft"] as const;

let made = 0;

/** Runs a program. @throws Error with its own words */
export function call(program: string, words: readonly string[], input = ""): string {
  return execFileSync(program, words, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });
}

/** Runs lines of `ip` in a namespace, and ends at the first that fails. */
export function ip(namespace: string, ...lines: readonly string[]): void {
  call("ip", ["-n", namespace, "-batch", "-"], `${lines.join("\n")}\n`);
}

/** Loads rules of `nft` in a namespace, all or none. */
export function nft(namespace: string, rules: string): void {
  call("ip", ["netns", "exec", namespace, "nft", "-f", "-"], rules);
}

/** Makes a namespace with its loopback. @returns its name, which no other run has */
export function makeNamespace(purpose: string): string {
  made += 1;
  const name = `barnacle-${process.pid}-${made}-${purpose}`;
  call("ip", ["netns", "add", name]);
  ip(name, "link set lo up");
  return name;
}

/** Ends every process in a namespace and removes it; one that is gone already is fine. */
export function removeNamespace(name: string): void {
  try {
    for (const pid of call("ip", ["netns", "pids", name]).split("\n").filter((line) => line !== "")) {
      process.kill(Number(pid), "SIGKILL");
    }
    call("ip", ["netns", "del", name]);
  } catch (error) {
    // A process that ended meanwhile, or another run that clears the same leftovers.
    if (listNamespaces().includes(name)) call("ip", ["netns", "del", name]);
    else if (!(error instanceof Error)) throw error;
  }
}

function listNamespaces(): string[] {
  return call("ip", ["netns", "list"]).split("\n").map((line) => line.split(" ")[0] ?? "");
}

/** Removes what runs left behind that are no more. @returns the names */
export function removeLeftovers(): string[] {
  const isOfTheDead = (name: string) => {
    const pid = NAME_REGEXP.exec(name)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  };
  const left = listNamespaces().filter(isOfTheDead);
  for (const name of left) removeNamespace(name);
  return left;
}

/** Why networks cannot be made here; `undefined` when they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  for (const program of PROGRAMS) {
    try {
      call(program, ["-V"]);
    } catch {
      return `there is no program ${program}: install iproute2 and nftables`;
    }
  }
  try {
    const name = makeNamespace("probe");
    try {
      nft(name, "table ip probe { chain out { type nat hook postrouting priority srcnat; masquerade; }; }");
    } finally {
      removeNamespace(name);
    }
    return undefined;
  } catch (error) {
    return `the kernel refuses them: ${error instanceof Error ? error.message.trim() : String(error)}`;
  }
}

/** Why lines that lose and delay packets cannot be made here; `undefined` when they can. */
export function whyNoLines(): string | undefined {
  return whyNoNamespaces() ?? (existsSync("/dev/net/tun") ? undefined : "there is no /dev/net/tun");
}
