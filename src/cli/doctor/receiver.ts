import { isBarnacleError } from "../../errors.ts";
import { ANSWER_BYTES_MAX } from "../../limits.ts";
import { trustingClient } from "../endpoint.ts";
import { callHttp } from "../http-call.ts";
import type { CallAnswer } from "../http-call.ts";
import { failure, failureFrom, ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";
import { checkClockAgainst } from "./clock.ts";

const SUBJECT = "receiver";
const STATUS_PATH = "/openclaw/status";

/**
 * The receiver of the status: reachable, trusted, and speaking the protocol. It is sent an empty object, which every
 * receiver that checks
 * its input refuses, so nothing comes of it.
 */
export async function checkReceiver(patient: Patient): Promise<Finding[]> {
  const { runtime, loaded } = patient;
  const { baseUrl, apiKey, timeoutSeconds } = loaded.config.openclaw;
  if (baseUrl === undefined) {
    return [ok(SUBJECT, "none is configured: nothing is published (up publishes to its own hub)")];
  }
  const url = `${baseUrl.replace(/\/+$/, "")}${STATUS_PATH}`;
  let answer: CallAnswer;
  try {
    const client = await trustingClient(runtime, loaded, ["openclaw.caFile"], { asReceiverClient: true });
    try {
      answer = await callHttp({ client, clock: runtime.clock }, {
        method: "POST",
        url,
        token: apiKey?.reveal(),
        body: {},
        timeoutMs: timeoutSeconds * 1_000,
        answerBytesMax: ANSWER_BYTES_MAX,
      });
    } finally {
      client.close();
    }
  } catch (thrown) {
    return [unreachable(thrown, url)];
  }
  return [judgeAnswer(answer, url), ...checkKey(patient), ...checkClockAgainst(patient, SUBJECT, answer.headers)];
}

function unreachable(thrown: unknown, url: string): Finding {
  if (isBarnacleError(thrown, "CERTIFICATE_INVALID")) {
    return failureFrom(
      SUBJECT,
      thrown,
      "the receiver needs a certificate in force for its name; an authority of your own goes into openclaw.caFile",
    );
  }
  if (isBarnacleError(thrown, "HOST_NOT_FOUND")) {
    return failureFrom(SUBJECT, thrown, "check the host name in OPENCLAW_BASE_URL, and this host's name service");
  }
  if (isBarnacleError(thrown, "ANSWER_TOO_LARGE")) {
    return failure(SUBJECT, `${url} answers more than any receiver would`, BASE_URL_ADVICE);
  }
  return failureFrom(
    SUBJECT,
    thrown,
    `check that ${url} can be reached from this host, and whether a firewall or proxy stands between`,
  );
}

const BASE_URL_ADVICE =
  "check OPENCLAW_BASE_URL: it must lead to a receiver such as barnacle hub, not to a gateway's web pages";

function judgeAnswer(answer: CallAnswer, url: string): Finding {
  const { status } = answer;
  const told = `POST ${url} answers ${status}`;
  if (status >= 300 && status < 400) {
    return failure(
      SUBJECT,
      `${told}, a redirect, which is never followed`,
      "set OPENCLAW_BASE_URL to where it leads, if that is right",
    );
  }
  if (status === 401 || status === 403) {
    return failure(
      SUBJECT,
      `${told}: our key is missing or wrong`,
      "set OPENCLAW_API_KEY to a key of this receiver (barnacle hub keys add)",
    );
  }
  if (status === 429) {
    return warning(
      SUBJECT,
      `${told}: too many requests`,
      "send less often (openclaw.intervalSeconds), or raise its limit",
    );
  }
  if (status >= 500) {
    return failure(
      SUBJECT,
      `${told}: it is not well`,
      "look at the receiver; the agent would retry for ever meanwhile",
    );
  }
  if (!isJson(answer)) {
    return failure(SUBJECT, `${told} with a page that is no JSON: this is no receiver`, BASE_URL_ADVICE);
  }
  if (status === 404 || status === 405) return failure(SUBJECT, `${told}: it takes no status there`, BASE_URL_ADVICE);
  if (status >= 400) {
    return ok(SUBJECT, `${url} can be reached, is trusted and refuses an empty document, as it should`);
  }
  return warning(
    SUBJECT,
    `${told} to an empty document: it checks nothing`,
    "make sure that it is a receiver of status documents",
  );
}

function isJson(answer: CallAnswer): boolean {
  try {
    JSON.parse(answer.text);
    return true;
  } catch {
    // No JSON is an answer too.
    return false;
  }
}

function checkKey({ loaded }: Patient): Finding[] {
  if (loaded.config.openclaw.apiKey !== undefined) return [];
  return [warning(SUBJECT, "no key is configured", "set OPENCLAW_API_KEY, unless this receiver takes anybody's word")];
}
