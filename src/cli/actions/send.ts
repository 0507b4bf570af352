import { BarnacleError, isBarnacleError } from "../../errors.ts";
import { RejectionFinder, waitForDelivery } from "../../mailbox/commands.ts";
import { type DeliveryView, mailDirectoryPath } from "../../mailbox/mod.ts";
import type { Process, Runtime } from "../../runtime/port.ts";
import type { SendFlags } from "../commands/send.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { formatDuration } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import type { Recipient } from "../mail/recipient.ts";
import { isAgentRunning } from "../mail/running.ts";
import { checkedRecipient, messageTooLarge, queueMessage } from "../mail/sending.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { escapeText } from "../terminal.ts";

const WAIT_SECONDS_DEFAULT = 60;
const STANDARD_INPUT = "-";

export default async function send(this: Invocation, flags: SendFlags, to: string, message?: string): Promise<void> {
  const { runtime } = this.cli;
  const { standardError, standardOutput } = runtime.process;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const recipient = await checkedRecipient(runtime, loaded, to);
  const bytesMax = loaded.config.mailbox.messageBytesMax;
  const isInput = message === undefined || message === STANDARD_INPUT;
  const msg = isInput ? await readInput(runtime.process, bytesMax) : message;
  const { id, added } = await queueMessage(runtime, loaded, recipient, msg);
  if (added !== undefined) standardError.write(`added the contact ${escapeText(added)}\n`);
  standardOutput.write(`${id}\n`);
  if (!await isAgentRunning(runtime, loaded)) {
    standardError.write("no agent runs here: the message waits in the outbox until barnacle run takes it\n");
  }
  if (flags.wait === true || flags.timeout !== undefined) {
    const timeoutSeconds = flags.timeout ?? WAIT_SECONDS_DEFAULT;
    const directory = mailDirectoryPath(loaded.directory);
    this.process.exitCode = await waitUntilSettled(runtime, { directory, id, recipient, timeoutSeconds });
  }
}

async function readInput(process: Process, bytesMax: number): Promise<string> {
  let bytes: Uint8Array;
  try {
    // One line end is not part of the message.
    bytes = await process.readStandardInput(bytesMax + "\r\n".length);
  } catch (thrown) {
    throw isBarnacleError(thrown, "BODY_TOO_LARGE") ? messageTooLarge(`more than ${bytesMax} bytes`, bytesMax) : thrown;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    throw usageError("Send", "bytes that are no UTF-8", "text", "encode what is no text, for example with base64");
  }
}

interface Waiting {
  /** `.moltcomm`. */
  readonly directory: string;
  readonly id: string;
  readonly recipient: Recipient;
  readonly timeoutSeconds: number;
}

/** @returns the exit code. @throws `DELIVERY_FAILED` */
async function waitUntilSettled(runtime: Runtime, waiting: Waiting): Promise<number> {
  const { recipient, timeoutSeconds } = waiting;
  const startMs = runtime.clock.monotonicMs();
  const who = escapeText(recipient.name ?? recipient.nodeId);
  const { reason, view } = await followMessage(runtime, waiting);
  if (view?.state === "failed") throw failed(who, view);
  if (view?.state === "delivered") {
    const seconds = ((runtime.clock.monotonicMs() - startMs) / 1_000).toFixed(2);
    runtime.process.standardError.write(`delivered to ${who} after ${seconds} s\n`);
    return EXIT.ok;
  }
  if (reason !== undefined) throw rejected(who, reason);
  const wait = `not delivered within ${formatDuration(timeoutSeconds)}`;
  runtime.process.standardError.write(`${wait}: ${describeDelay(view)}; it is tried on, see barnacle outbox\n`);
  return EXIT.pending;
}

/** What became of a message, or why the agent did not take it from the outbox at all. */
async function followMessage(runtime: Runtime, { directory, id, timeoutSeconds }: Waiting) {
  const rejection = new RejectionFinder(runtime, { directory, id });
  let reason: string | undefined;
  const isOver = async () => (reason = await rejection.look()) !== undefined;
  try {
    const view = await waitForDelivery(runtime, { directory, id, timeoutMs: timeoutSeconds * 1_000, isOver });
    return { reason, view };
  } finally {
    await rejection.close();
  }
}

function describeDelay(view: DeliveryView | undefined): string {
  if (view === undefined) return "no agent has taken the message from the outbox yet";
  if (view.attempts === 0) return "accepted, not tried yet";
  if (view.kept !== null) return `its recipient is away, and ${escapeText(view.kept.keeper.address)} keeps it`;
  const attempts = view.attempts === 1 ? "tried once" : `tried ${view.attempts} times`;
  return view.lastError === null ? attempts : `${attempts}, last: ${escapeText(view.lastError)}`;
}

function failed(who: string, { attempts, lastError }: DeliveryView): BarnacleError {
  return new BarnacleError({
    code: "DELIVERY_FAILED",
    action: `Deliver to ${who}`,
    value: `${lastError ?? "no reason"}, after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`,
    wanted: "the recipient's acknowledgement",
    hint: "barnacle outbox shows it; send it again once the reason is gone",
  });
}

function rejected(who: string, reason: string): BarnacleError {
  return new BarnacleError({
    code: "DELIVERY_FAILED",
    action: `Deliver to ${who}`,
    value: `a line that the agent rejected: ${reason}`,
    wanted: "one that can be sent",
    hint: "it stands in .moltcomm/outbox.rejected.ndjson; send it again once the reason is gone",
  });
}
