/**
 * A flood at line rate, in a process of its own: one stranger writes prepared `DIRECT`s as fast as the agent takes them, from the first
 * word of its parent to the second.
 */
import { directFrame, helloFrame, makeSigner, Stranger } from "./mail-stranger.ts";

export interface FloodPlan {
  readonly port: number;
  readonly to: string;
}

export interface FloodReport {
  readonly frames: number;
  readonly answers: Readonly<Record<string, number>>;
}

/** Signed before the flood, so that signing does not slow it; at the default rate an agent does not read so many within one. */
const PREPARED_WRITES = 300;
const FRAMES_A_WRITE = 64;

async function flood({ port, to }: FloodPlan): Promise<void> {
  const signer = makeSigner();
  const frames = Array.from({ length: PREPARED_WRITES }, (_, part) => {
    const ofPart = Array.from(
      { length: FRAMES_A_WRITE },
      (_, index) => directFrame(signer, { to, id: `flood-${part}-${index}`, msg: "x".repeat(200) }),
    );
    return Buffer.concat(ofPart);
  });
  const stranger = await Stranger.open(port);
  stranger.write(helloFrame(signer, { to, address: "tcp://127.3.0.1:9" }));
  await stranger.answered("HELLO_ACK", 1);
  let [written, isOver] = [0, false];
  const over = new Promise<void>((done) => process.once("message", () => done())).then(() => isOver = true);
  process.send?.("ready");
  while (!isOver && !stranger.isLost) {
    const isFree = stranger.write(frames[written++ % PREPARED_WRITES] as Buffer);
    await (isFree ? new Promise((done) => setImmediate(done)) : Promise.race([stranger.drained(), over]));
  }
  const report: FloodReport = { frames: written * FRAMES_A_WRITE, answers: Object.fromEntries(stranger.answers) };
  process.send?.(report);
  stranger.close();
}

process.once("message", (plan: FloodPlan) => void flood(plan));
process.once("disconnect", () => process.exit());
