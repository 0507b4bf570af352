/** How a script is driven: one JSON command per line on standard input, JSON events, one per line, on standard output. */
import process from "node:process";

export function report(event, fields = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

/**
 * Runs commands as they come, side by side. A command is `{"do": NAME, "ask": NUMBER, …}`; what it returns is reported as the event
 * `answer` with that number. Ends with standard input.
 */
export function serveLines(commands) {
  let partial = "";
  // Cut by hand: `node:readline` takes U+2028, which JSON leaves as it is, for the end of a line.
  process.stdin.setEncoding("utf8").on("data", (text) => {
    const lines = (partial + text).split("\n");
    partial = lines.pop();
    for (const line of lines) void run(JSON.parse(line), commands);
  });
  process.stdin.on("end", () => process.exit(0));
}

async function run({ do: name, ask, ...options }, commands) {
  try {
    if (!Object.hasOwn(commands, name)) throw new Error(`No command ${name}`);
    report("answer", { ask, result: await commands[name](options) ?? null });
  } catch (error) {
    report("answer", { ask, error: error instanceof Error ? error.stack : String(error) });
  }
}
