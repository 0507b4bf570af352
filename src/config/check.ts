/**
 * Checking what was given: each value alone, then the settings that depend on each other.
 *
 * @module
 */
import { isLoopbackHost } from "../address.ts";
import { describeIssues } from "../contract/mod.ts";
import { parseListenAddress } from "./address.ts";
import type { Given } from "./given.ts";
import type { Origin } from "./origin.ts";
import type { ConfigProblems } from "./problems.ts";
import type { Config } from "./schema.ts";
import { isSecretSource } from "./secrets.ts";

const FAULTS_PER_VALUE_MAX = 3;

/** Whether the value is what its setting takes; else it is among the problems, even if another source overrides it. */
export function checkGiven(given: Given, problems: ConfigProblems): boolean {
  const { setting, value, origin } = given;
  if (setting.isSecret === true) {
    if (isSecretSource(value)) return true;
    const fault = 'got [secret] in another form, wanted text or { "file": "PATH" }';
    problems.add({ code: "CONFIG_INVALID", path: setting.path, fault, origin });
    return false;
  }
  const checked = setting.type().safeParse(value);
  if (checked.success) return true;
  for (const issue of describeIssues(checked.error, value, FAULTS_PER_VALUE_MAX)) {
    const path = issue.path === "" ? setting.path : `${setting.path}.${issue.path}`;
    const fault = `got ${showFaulty(given, issue.value, problems)}, wanted ${issue.wanted}`;
    problems.add({ code: "CONFIG_INVALID", path, fault, origin });
  }
  return false;
}

/** A URL that is refused may hold a password, and any text may be a secret that was put in the wrong place. */
function showFaulty({ setting, value }: Given, shown: string | undefined, problems: ConfigProblems): string {
  if (problems.hides(JSON.stringify(value))) return "[secret]";
  const mayHoldPassword = setting.isUrl === true && typeof value === "string" && /[@?#]/.test(value);
  return mayHoldPassword ? "[a URL that may hold a password]" : shown ?? "nothing";
}

/** A rule over several settings. */
interface CrossCheck {
  /** The settings it looks at; with a problem in one of them it says nothing. The first is the one at fault. */
  readonly paths: readonly [string, ...string[]];
  /** What is wrong; `undefined` when nothing is. */
  readonly fault: (config: Config) => string | undefined;
}

const CROSS_CHECKS: readonly CrossCheck[] = [
  {
    // Source: the status contract, "To be asked". The hub's own rule (it wants a key) is the hub's to check.
    paths: ["http.listen", "http.token"],
    fault: ({ http }) =>
      http.token === undefined && !isLoopbackHost(parseListenAddress(http.listen).host)
        ? `got ${JSON.stringify(http.listen)}, which other hosts can reach, without a token; ` +
          "wanted a loopback address, or http.token (environment BARNACLE_HTTP_TOKEN) as well"
        : undefined,
  },
  {
    // Source: the status contract, "Who".
    paths: ["openclaw.baseUrl", "openclaw.allowPlainHttp"],
    fault: ({ openclaw: { baseUrl, allowPlainHttp } }) => {
      if (baseUrl === undefined || allowPlainHttp) return undefined;
      const { protocol, hostname } = new URL(baseUrl);
      if (protocol === "https:" || isLoopbackHost(hostname)) return undefined;
      return `got ${JSON.stringify(baseUrl)}, wanted https (plain http goes to loopback only, ` +
        "or with openclaw.allowPlainHttp)";
    },
  },
  {
    // The key of the heartbeat deserves what the status's does.
    paths: ["monitor.backendUrl", "monitor.allowPlainHttp"],
    fault: ({ monitor: { backendUrl, allowPlainHttp } }) => {
      if (backendUrl === undefined || allowPlainHttp) return undefined;
      const { protocol, hostname } = new URL(backendUrl);
      if (protocol === "https:" || isLoopbackHost(hostname)) return undefined;
      return `got ${JSON.stringify(backendUrl)}, wanted https (plain http goes to loopback only, ` +
        "or with monitor.allowPlainHttp)";
    },
  },
  {
    // Source: docs/decisions.md: the address is a key.
    paths: ["deadman.url", "deadman.allowPlainHttp"],
    fault: ({ deadman: { url: secret, allowPlainHttp } }) => {
      const text = secret?.reveal() ?? "https://host/";
      const url = URL.canParse(text) ? new URL(text) : undefined;
      const isHttp = url?.protocol === "https:" || url?.protocol === "http:";
      if (url === undefined || !isHttp || url.username !== "" || url.password !== "" || url.hash !== "") {
        return "got [secret] that is no such address, wanted an http or https URL without user, password and fragment";
      }
      if (url.protocol === "https:" || isLoopbackHost(url.hostname) || allowPlainHttp) return undefined;
      return "got [secret] with plain http to another host, wanted https, or deadman.allowPlainHttp as well";
    },
  },
  {
    // Source: MoltComm v1, section 9: the key is pinned, and there is no default.
    paths: ["moltcomm.manifestSources", "moltcomm.manifestPub"],
    fault: ({ moltcomm }) =>
      moltcomm.manifestSources.length > 0 && moltcomm.manifestPub === undefined
        ? "got sources of a manifest and no key, wanted moltcomm.manifestPub as well: whose manifests are believed"
        : undefined,
  },
  {
    paths: ["relay.httpListen", "http.token"],
    fault: ({ relay: { httpListen }, http: { token } }) =>
      httpListen !== undefined && token === undefined && !isLoopbackHost(parseListenAddress(httpListen).host)
        ? `got ${JSON.stringify(httpListen)}, which other hosts can reach, without a token; ` +
          "wanted a loopback address, or http.token (environment BARNACLE_HTTP_TOKEN) as well"
        : undefined,
  },
  {
    paths: ["relayMailbox.natsUser", "relayMailbox.natsPassword"],
    fault: ({ relayMailbox: { natsUser, natsPassword } }) =>
      natsUser === undefined && natsPassword !== undefined
        ? "got none with relayMailbox.natsPassword, wanted the user whose password it is"
        : undefined,
  },
  {
    paths: ["relayMailbox.natsJwt", "relayMailbox.natsSeed"],
    fault: ({ relayMailbox: { natsJwt, natsSeed } }) =>
      natsJwt !== undefined && natsSeed === undefined
        ? "got relayMailbox.natsJwt alone, wanted relayMailbox.natsSeed as well: both stand in the credentials file"
        : undefined,
  },
  together("http.tlsCertFile", "http.tlsKeyFile", ({ http }) => [http.tlsCertFile, http.tlsKeyFile]),
  together("hub.tlsCertFile", "hub.tlsKeyFile", ({ hub }) => [hub.tlsCertFile, hub.tlsKeyFile]),
  together(
    "openclaw.clientCertFile",
    "openclaw.clientKeyFile",
    ({ openclaw }) => [openclaw.clientCertFile, openclaw.clientKeyFile],
  ),
];

/** Checks the settings that depend on each other. */
export function checkTogether(config: Config, origins: ReadonlyMap<string, Origin>, problems: ConfigProblems): void {
  for (const { paths, fault } of CROSS_CHECKS) {
    if (paths.some((path) => problems.concerns(path))) continue;
    const found = fault(config);
    if (found === undefined) continue;
    const [path] = paths;
    const origin = origins.get(path);
    problems.add({
      code: "CONFIG_INVALID",
      path,
      fault: found,
      origin: origin?.kind === "default" ? undefined : origin,
    });
  }
}

function together(
  certPath: string,
  keyPath: string,
  read: (config: Config) => readonly [string | undefined, string | undefined],
): CrossCheck {
  return {
    paths: [certPath, keyPath],
    fault: (config) => {
      const [cert, key] = read(config);
      if ((cert === undefined) === (key === undefined)) return undefined;
      const [given, missing] = cert === undefined ? [keyPath, certPath] : [certPath, keyPath];
      return `got ${given} without ${missing}, wanted both or neither`;
    },
  };
}
