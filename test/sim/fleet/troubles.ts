/**
 * Trouble for a fleet of agents and a hub.
 *
 * @module
 */
import type { SeededRandom, SimHost } from "../mod.ts";
import { verifyHubAfterKill } from "./durability-probe.ts";
import type { Fleet } from "./fleet.ts";
import { HostTroubles } from "./host-troubles.ts";
import { editRegistration } from "./registrations.ts";

const nothing = (): void => undefined;

export function makeTroubles(fleet: Fleet): HostTroubles<"registration" | "report"> {
  const { hub } = fleet;
  return new HostTroubles(fleet, fleet.options, {
    own: {
      registration: (host, random) => {
        if (host !== hub) editRegistration(host, random);
        return nothing;
      },
      report: (host, random) => report(fleet, host, random),
    },
    killed: (host) => {
      if (host === hub) verifyHubAfterKill(fleet);
    },
    excuse: (host) => host === hub ? excuseHub(fleet) : nothing,
    // The hub's own writes are SQLite's, which is no disk operation of the simulation: it is killed between any two steps.
    writesFiles: (host) => host !== hub,
  });
}

/** A report by the real command, from another process of the host. */
function report(fleet: Fleet, host: SimHost, random: SeededRandom): () => void {
  if (host === fleet.hub || !host.isUp) return nothing;
  const words = ["report", "--dir", "/work", "--reporter", random.pick(["worker-0", "worker-1", "stranger"])];
  if (random.chance(0.1)) words.push("--leaving");
  if (random.chance(0.8)) words.push("--active", String(random.integer(0, 6)));
  if (random.chance(0.4)) words.push("--queue", String(random.integer(0, 10)));
  if (random.chance(0.4)) words.push("--failed", String(random.integer(0, 6)));
  words.push("--succeeded", String(random.integer(0, 3)));
  words.push("--holds-for-seconds", String(random.integer(1, 300)));
  fleet.spawn(host, "command", words);
  return nothing;
}

/** While the hub stands still or cannot write, and until it has written again, it promises nothing. */
function excuseHub(fleet: Fleet): () => void {
  const span = { fromMs: fleet.nowMs, untilMs: undefined as number | undefined };
  fleet.record.hubExcuses.push(span);
  return () => {
    span.untilMs = fleet.nowMs;
  };
}
