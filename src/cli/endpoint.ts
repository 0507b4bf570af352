/**
 * Finding the running agent, and the hub to ask.
 *
 * @module
 */
import * as z from "zod/mini";
import { listenUrl, parseListenAddress, readNamedFile } from "../config/mod.ts";
import type { LoadedConfig } from "../config/mod.ts";
import type { StatusAnswer } from "../contract/mod.ts";
import { isBarnacleError } from "../errors.ts";
import type { Files, HttpClient, Runtime } from "../runtime/port.ts";
import { workDirectoryPaths } from "../store/mod.ts";
import { AgentClient } from "./agent-client.ts";
import type { EndpointFile } from "./context.ts";
import { usageError } from "./failure.ts";

const ENDPOINT_BYTES_MAX = 4_096;

const url = z.string().check(z.maxLength(2_048), z.refine((value) => URL.canParse(value)));

function endpointFile() {
  return z.looseObject({
    http: url,
    hub: z.optional(url),
    process_id: z.int().check(z.minimum(0)),
    started_at: z.iso.datetime(),
  });
}

/**
 * What the running agent of a work directory left there; `undefined` when none runs, or when the file makes no sense.
 */
export async function readEndpointFile(files: Files, directory: string): Promise<EndpointFile | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await files.read(workDirectoryPaths(directory).endpointFile, ENDPOINT_BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) return undefined;
    throw thrown;
  }
  try {
    const checked = endpointFile().safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    if (!checked.success) return undefined;
    const { http, hub, process_id, started_at } = checked.data;
    return { http, ...(hub === undefined ? {} : { hub }), process_id, started_at };
  } catch {
    // A damaged file says as much as none: the configured address is asked instead.
    return undefined;
  }
}

/**
 * A client of the running agent of the work directory: where its endpoint file says, else where the configuration has
 * it listen.
 */
export async function agentClient(runtime: Runtime, loaded: LoadedConfig): Promise<AgentClient> {
  const { http } = loaded.config;
  const endpoint = await readEndpointFile(runtime.files, loaded.directory);
  const scheme = http.tlsCertFile === undefined ? "http" : "https";
  const baseUrl = trimSlash(endpoint?.http ?? listenUrl(scheme, parseListenAddress(http.listen)));
  const client = await trustingClient(runtime, loaded, ["http.tlsCertFile"]);
  return new AgentClient({ client, clock: runtime.clock }, {
    baseUrl,
    token: http.token?.reveal(),
    agentId: loaded.carriedBy?.agentId,
    hintUnreachable: `start the agent with barnacle run, or name its work directory with --dir (now: ${
      loaded.carriedBy?.directory ?? loaded.directory
    })`,
    hintRefused: "set http.token (BARNACLE_HTTP_TOKEN) to the token the agent was started with",
  });
}

/** The mail of the agent of this work directory, in what the daemon that carries it says. */
export function mailOf({ mail, mail_agents: others, waking }: StatusAnswer, { carriedBy }: LoadedConfig) {
  if (carriedBy === undefined) return { mail, waking, problem: undefined };
  const agent = others?.find(({ id }) => id === carriedBy.agentId);
  return {
    mail: agent?.mail ?? undefined,
    waking: agent?.waking ?? undefined,
    problem: agent?.problem ?? (agent === undefined ? "the running daemon knows nothing of this agent" : undefined),
  };
}

/**
 * A client of a hub: the one named, else the one beside the running agent, else the configured `hub.url`, else the
 * receiver of the
 * status, else where the configuration has a hub listen. The key goes only where it belongs, to the receiver it is
 * configured for.
 *
 * @param named what `--hub` was given; the empty string for none
 * @throws `USAGE` when it is no URL
 */
export async function hubClient(runtime: Runtime, loaded: LoadedConfig, named: string): Promise<AgentClient> {
  const { hub, openclaw } = loaded.config;
  const endpoint = await readEndpointFile(runtime.files, loaded.directory);
  const fallback = () => listenUrl(hub.tlsCertFile === undefined ? "http" : "https", parseListenAddress(hub.listen));
  const baseUrl = named === "" ? endpoint?.hub ?? hub.url ?? openclaw.baseUrl ?? fallback() : checkedUrl(named);
  const receiver = openclaw.baseUrl ?? endpoint?.hub;
  const isReceiver = receiver !== undefined && new URL(receiver).origin === new URL(baseUrl).origin;
  const client = await trustingClient(runtime, loaded, ["openclaw.caFile", "hub.tlsCertFile"], {
    asReceiverClient: isReceiver,
  });
  return new AgentClient({ client, clock: runtime.clock }, {
    baseUrl: trimSlash(baseUrl),
    token: isReceiver ? openclaw.apiKey?.reveal() : undefined,
    hintUnreachable: "start a hub with barnacle hub, or name one with --hub URL",
    hintRefused: isReceiver
      ? "set OPENCLAW_API_KEY to a key of this hub: barnacle hub keys add makes one"
      : "set OPENCLAW_BASE_URL to this hub and OPENCLAW_API_KEY to one of its keys",
  });
}

function checkedUrl(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed?.protocol === "http:" || parsed?.protocol === "https:") return text;
  throw usageError("Read --hub", JSON.stringify(text), "an http or https URL", "for example http://127.0.0.1:7411");
}

function trimSlash(text: string): string {
  return text.replace(/\/+$/, "");
}

/** A setting that names a PEM file. */
type PemSetting = "http.tlsCertFile" | "hub.tlsCertFile" | "openclaw.caFile";

/**
 * An HTTP client that also trusts the certificates of these settings; one that is not set is left out.
 *
 * @param options.asReceiverClient also shows the client certificate that is configured for the receiver
 * @throws `SECRET_UNREADABLE`, `CERTIFICATE_INVALID`
 */
export async function trustingClient(
  runtime: Runtime,
  loaded: LoadedConfig,
  settings: readonly PemSetting[],
  options: { readonly asReceiverClient?: boolean } = {},
): Promise<HttpClient> {
  const read = (path: string) => readNamedFile(runtime.files, loaded, path);
  const authorities: string[] = [];
  for (const setting of settings) {
    const pem = await read(setting);
    if (pem !== undefined) authorities.push(pem);
  }
  const isClient = options.asReceiverClient ?? false;
  const certPem = isClient ? await read("openclaw.clientCertFile") : undefined;
  const keyPem = isClient ? await read("openclaw.clientKeyFile") : undefined;
  return runtime.http.client({
    ...(authorities.length === 0 ? {} : { caPem: authorities.join("\n") }),
    ...(certPem === undefined || keyPem === undefined ? {} : { clientCertificate: { certPem, keyPem } }),
  });
}
