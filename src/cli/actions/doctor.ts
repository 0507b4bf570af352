import type { LoadedConfig } from "../../config/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import type { DoctorFlags } from "../commands/doctor.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { checkAddresses } from "../doctor/addresses.ts";
import { checkAgent } from "../doctor/agent.ts";
import { checkBridge } from "../doctor/bridge.ts";
import { failureFrom, ok, warning } from "../doctor/check.ts";
import type { Check, Finding, Outcome, Patient } from "../doctor/check.ts";
import { checkClock } from "../doctor/clock.ts";
import { checkDeadman } from "../doctor/deadman.ts";
import { checkHub } from "../doctor/hub.ts";
import { checkKeyFiles } from "../doctor/key-files.ts";
import { checkMail } from "../doctor/mail.ts";
import { checkManifest } from "../doctor/manifest.ts";
import { checkMonitor } from "../doctor/monitor.ts";
import { checkOpenClaw } from "../doctor/openclaw.ts";
import { checkReceiver } from "../doctor/receiver.ts";
import { checkRegistration } from "../doctor/registration.ts";
import { checkWaking } from "../doctor/waking.ts";
import { checkWorkDirectory } from "../doctor/work-directory.ts";
import { EXIT } from "../exit-codes.ts";
import { escapeText, paint, safeJson, wantsColour } from "../terminal.ts";
import type { Tone } from "../terminal.ts";

const CHECKS: readonly (readonly [subject: string, check: Check])[] = [
  ["work directory", checkWorkDirectory],
  ["key files", checkKeyFiles],
  ["registration", checkRegistration],
  ["agent", checkAgent],
  ["addresses", checkAddresses],
  ["mail", checkMail],
  ["manifest", checkManifest],
  ["openclaw", checkOpenClaw],
  ["waking", checkWaking],
  ["monitor", checkBridge],
  ["own monitor", checkMonitor],
  ["receiver", checkReceiver],
  ["dead-man", checkDeadman],
  ["hub", checkHub],
  ["clock", checkClock],
];

export default async function doctor(this: Invocation, flags: DoctorFlags): Promise<void> {
  const { process } = this.cli.runtime;
  const { standardOutput } = process;
  const findings = await examine(this, flags);
  if (findings.some(({ outcome }) => outcome === "failure")) this.process.exitCode = EXIT.failed;
  if (flags.json) {
    const isOk = findings.every(({ outcome }) => outcome !== "failure");
    standardOutput.write(`${safeJson({ ok: isOk, checks: findings })}\n`);
    return;
  }
  standardOutput.write(formatFindings(findings, wantsColour(standardOutput, process.environment())));
}

async function examine({ cli }: Invocation, flags: DoctorFlags): Promise<Finding[]> {
  let loaded: LoadedConfig;
  try {
    loaded = await loadConfiguration(cli, flags);
  } catch (thrown) {
    if (!isBarnacleError(thrown)) throw thrown;
    const rest = warning("the rest", "was not checked", "mend the configuration, then ask again");
    return [failureFrom("configuration", thrown, "mend the configuration"), rest];
  }
  const patient: Patient = { runtime: cli.runtime, loaded, hubUrl: flags.hub ?? loaded.config.hub.url };
  const findings: Finding[] = [
    ok("configuration", loaded.file ?? "no file; environment and defaults"),
    ...loaded.warnings.map((text) => warning("configuration", text, "mend it, or leave it if it is meant")),
  ];
  for (const [subject, check] of CHECKS) {
    try {
      findings.push(...await check(patient));
    } catch (thrown) {
      findings.push(failureFrom(subject, thrown, "the check itself failed: please report it"));
    }
  }
  return findings;
}

const TONES: Readonly<Record<Outcome, Tone>> = { ok: "good", warning: "warning", failure: "bad" };
const OUTCOME_WIDTH = 9;
const SUBJECT_WIDTH_MIN = 16;
const GAP_WIDTH = 2;

function formatFindings(findings: readonly Finding[], colour: boolean): string {
  const subjectWidth = Math.max(SUBJECT_WIDTH_MIN, ...findings.map(({ subject }) => subject.length + GAP_WIDTH));
  const lines = findings.map(({ outcome, subject, message, advice }) => {
    const safe = message.split("\n").map(escapeText).join(`\n${" ".repeat(OUTCOME_WIDTH + subjectWidth)}`);
    const head = paint(outcome, TONES[outcome], colour) + " ".repeat(OUTCOME_WIDTH - outcome.length);
    const line = `${head}${escapeText(subject).padEnd(subjectWidth)}${safe}\n`;
    return advice === undefined ? line : `${line}${" ".repeat(OUTCOME_WIDTH + subjectWidth)}-> ${escapeText(advice)}\n`;
  });
  const count = (wanted: Outcome) => findings.filter(({ outcome }) => outcome === wanted).length;
  return `${lines.join("")}${count("ok")} ok, ${count("warning")} to look at, ${count("failure")} failed\n`;
}
