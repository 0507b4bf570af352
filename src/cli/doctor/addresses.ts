import { formatAddress } from "../../address.ts";
import { listenUrl, parseListenAddress } from "../../config/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import type { Runtime } from "../../runtime/port.ts";
import { agentClient, hubClient } from "../endpoint.ts";
import { failure, failureFrom, ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

/** The addresses to listen on: free, or held by our own agent or hub. */
export async function checkAddresses(patient: Patient): Promise<Finding[]> {
  const { http, hub } = patient.loaded.config;
  return [
    await checkAddress(patient, {
      subject: "agent address",
      listen: http.listen,
      isOurs: () => isOurAgent(patient),
      choose: "run --http HOST:PORT",
      isRequired: true,
    }),
    await checkAddress(patient, {
      subject: "hub address",
      listen: hub.listen,
      isOurs: () => isHub(patient, listenUrl(schemeOf(hub), parseListenAddress(hub.listen))),
      choose: "hub --listen HOST:PORT",
      isRequired: false,
    }),
  ];
}

function schemeOf({ tlsCertFile }: { readonly tlsCertFile?: string | undefined }): "http" | "https" {
  return tlsCertFile === undefined ? "http" : "https";
}

/** An address to check. */
export interface AddressCheck {
  readonly subject: string;
  /** `HOST:PORT`. */
  readonly listen: string;
  /** Whether what listens there already is the part that would. */
  isOurs(): Promise<boolean>;
  /** The command that listens elsewhere. */
  readonly choose: string;
  /** Not every host runs a hub: there a taken address is only worth a warning. */
  readonly isRequired: boolean;
}

/** Whether the address is free, or held by who should hold it. */
export async function checkAddress({ runtime }: Pick<Patient, "runtime">, check: AddressCheck): Promise<Finding> {
  const { subject, listen, choose } = check;
  const address = parseListenAddress(listen);
  try {
    await tryToListen(runtime, listen);
    return ok(subject, address.port === 0 ? `${listen} takes a free port` : `${formatAddress(address)} is free`);
  } catch (thrown) {
    if (!isBarnacleError(thrown, "ADDRESS_IN_USE")) {
      return failureFrom(subject, thrown, `choose another address with ${choose}`);
    }
    if (await check.isOurs()) return ok(subject, `${listen} is held by barnacle, which runs`);
    const advice = `find who holds it (Linux: ss -ltnp 'sport = :${address.port}'), or choose another with ${choose}`;
    const message = `${listen} is held by another program`;
    return check.isRequired ? failure(subject, message, advice) : warning(subject, message, advice);
  }
}

async function tryToListen(runtime: Runtime, listen: string): Promise<void> {
  const listener = await runtime.network.listen(parseListenAddress(listen), (connection) => {
    connection.destroy();
    return { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
  });
  await listener.close();
}

async function isOurAgent({ runtime, loaded }: Patient): Promise<boolean> {
  const client = await agentClient(runtime, loaded);
  try {
    await client.status();
    return true;
  } catch (thrown) {
    // An agent that refuses our token is one all the same; its token is another check's business.
    return isBarnacleError(thrown, "UNAUTHORIZED");
  } finally {
    client.close();
  }
}

async function isHub({ runtime, loaded }: Patient, url: string): Promise<boolean> {
  const client = await hubClient(runtime, loaded, url);
  try {
    await client.instances();
    return true;
  } catch (thrown) {
    return isBarnacleError(thrown, "UNAUTHORIZED");
  } finally {
    client.close();
  }
}
