/**
 * Runs the contract under the runtime that executes this file, and prints one line of JSON per case. What surrounds the cases
 * comes from `peers.ts` in the variable `CONTRACT_PEERS`; arguments, if any, pick the cases whose name holds one of them.
 *
 * @module
 */
import process from "node:process";
import { createRuntime } from "#runtime";
import type { ContractCase } from "./case.ts";
import { CASES } from "./cases.ts";
import type { Peers } from "./peers.ts";
import { makeContext } from "./real-context.ts";

/** One line of output. */
export interface CaseResult {
  readonly capability: string;
  readonly name: string;
  /** What broke; absent when the case passed. */
  readonly failure?: string;
  readonly tookMs: number;
}

/** Most cases wait for something; a few at a time share the two processors of a small machine well. */
const CONCURRENCY = 6;
const CASE_TIMEOUT_MS = 18_000;

const runtime = createRuntime();
const peers: Peers = JSON.parse(process.env["CONTRACT_PEERS"] ?? "null");

async function runCase({ capability, name, run }: ContractCase): Promise<CaseResult> {
  const startMs = performance.now();
  const { context, close } = makeContext(runtime, peers);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${CASE_TIMEOUT_MS} ms`)), CASE_TIMEOUT_MS);
  });
  let failure: string | undefined;
  try {
    await Promise.race([run(context), over]);
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    clearTimeout(timer);
    close();
  }
  const tookMs = Math.round(performance.now() - startMs);
  return { capability, name, tookMs, ...(failure === undefined ? {} : { failure }) };
}

/** Cases that wait for a time-out of the platform's begin first. */
function inOrder(cases: readonly ContractCase[]): ContractCase[] {
  const waits = (one: ContractCase) => one.name.includes("idle time-out") ? 0 : 1;
  return cases.toSorted((left, right) => waits(left) - waits(right));
}

const wanted = process.argv.slice(2);
const waiting = inOrder(CASES.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part))));

async function work(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    process.stdout.write(`${JSON.stringify(await runCase(next))}\n`);
  }
}

await Promise.all(Array.from({ length: CONCURRENCY }, work));
runtime.process.exit(0);
