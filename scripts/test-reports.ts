/**
 * Reads what the two test runners report.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";

/** A test that failed, or a file of which nothing could run. */
export interface Failure {
  /** Relative to the root, with slashes. */
  readonly file: string;
  readonly test: string;
  /** The first line of what was wrong. */
  readonly message: string;
}

/** What a run of tests came to. */
export interface TestReport {
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
}

/** Vitest's JSON, as far as it is read here. */
interface VitestJson {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Reads the file that Vitest's JSON reporter wrote. @throws the file system's error when the runner left none */
export function readVitestReport(path: string, root: string): TestReport {
  const report = JSON.parse(readFileSync(path, "utf8")) as VitestJson;
  const failures = report.testResults.filter(({ status }) => status === "failed").flatMap((result) => {
    const file = relative(root, result.name).replaceAll("\\", "/");
    const failed = result.assertionResults.filter(({ status }) => status === "failed");
    return failed.length === 0
      ? [{ file, test: "(could not be loaded)", message: firstLine(result.message) }]
      : failed.map(({ fullName, failureMessages }) => ({
        file,
        test: fullName,
        message: firstLine(failureMessages[0] ?? ""),
      }));
  });
  return { passed: report.numPassedTests, skipped: report.numPendingTests, failures };
}

/** Reads the file that Bun's JUnit reporter wrote. @throws the file system's error when the runner left none */
export function readBunReport(path: string): TestReport {
  const xml = readFileSync(path, "utf8");
  const total = xml.match(/<testsuites[^>]*>/)?.[0] ?? "";
  const count = (name: string) => Number(attribute(total, name) ?? 0);
  const failures = [...xml.matchAll(/(<testcase [^>]*>)\s*(<(?:failure|error)\b[^>]*>)/g)].map((
    [, testCase = "", failure = ""],
  ) => ({
    file: attribute(testCase, "file") ?? "",
    test: [attribute(testCase, "classname"), attribute(testCase, "name")].filter(Boolean).join(" > "),
    message: firstLine(attribute(failure, "message") ?? ""),
  }));
  return { passed: count("tests") - count("failures") - count("skipped"), skipped: count("skipped"), failures };
}

function firstLine(text: string): string {
  return text.slice(0, text.search(/[\r\n]|$/));
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", "#10": "\n" };

function attribute(tag: string, name: string): string | undefined {
  const value = tag.match(new RegExp(`\\s${name}="([^"]*)"`))?.[1];
  return value?.replace(/&(lt|gt|amp|quot|apos|#10);/g, (_whole, entity: string) => ENTITIES[entity] ?? "");
}
