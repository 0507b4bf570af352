/**
 * Hunts: a state that a restart or a kill loses, a disk that takes the hub down with it, a damaged file that is
 * silently begun anew.
 */
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import type { Databases, SqlDatabase } from "../../../src/runtime/port.ts";
import { createDatabases } from "../../../src/runtime/shared/database.ts";
import { at, DAY_MS, document, type HubBench, listAt, makeHubBench, SECOND_MS, startHubBench } from "./support.ts";

/** What a process that is killed now would leave: the files as they are, opened by a hub that knows nothing else. */
async function afterKill(hub: HubBench): Promise<HubBench> {
  const survivor = makeHubBench();
  survivor.clock.jumpWall(hub.clock.wallMs() - survivor.clock.wallMs());
  for (const suffix of ["", "-wal"]) {
    if (existsSync(hub.databaseFile + suffix)) copyFileSync(hub.databaseFile + suffix, survivor.databaseFile + suffix);
  }
  await survivor.start();
  return survivor;
}

/** A database whose commits fail while `isFull`. */
class FullDisk implements Databases {
  isFull = false;

  async open(path: string): Promise<SqlDatabase> {
    const database = await createDatabases().open(path);
    return {
      exec: (sql) => {
        if (this.isFull && sql === "COMMIT") {
          throw new BarnacleError({ code: "DISK_FULL", action: "Change the database" });
        }
        database.exec(sql);
      },
      prepare: (sql) => database.prepare(sql),
      close: () => database.close(),
    };
  }
}

describe("a restart", () => {
  test("forgets nothing: documents, order, age, message ids, timestamps, owners", async () => {
    const hub = await startHubBench();
    const sent = document("one", { uptime_seconds: 7, extra: { kept: true } });
    await hub.post(sent);
    await hub.clock.advance(3 * SECOND_MS);
    await hub.post(document("two"));
    await hub.hub.stop();
    const again = await startHubBench({ after: hub });
    await again.clock.advance(2 * SECOND_MS);
    const { body } = await again.get("/v1/instances");
    expect(listAt(body, "instances").map((found) => [at(found, "instance_id"), at(found, "age_seconds")])).toEqual([[
      "two",
      2,
    ], [
      "one",
      5,
    ]]);
    expect(at(body, "instances", 1, "document")).toEqual(sent);
    expect(at((await again.post(sent)).body, "duplicate")).toBe(true);
    expect(at((await again.post(document("one", { timestamp: "2026-02-06T11:59:59Z" }))).body, "stale")).toBe(true);
  });

  test("keeps cursors and goes on with the order of hearing", async () => {
    const hub = await startHubBench();
    for (const id of ["a", "b", "c"]) await hub.post(document(id));
    const next = at((await hub.get("/v1/instances?limit=1")).body, "next");
    await hub.hub.stop();
    const again = await startHubBench({ after: hub });
    await again.post(document("d"));
    expect(await again.ids(`after=${String(next)}`)).toEqual(["b", "a"]);
    expect(await again.ids("")).toEqual(["d", "c", "b", "a"]);
  });

  test("does not bring back what was forgotten", async () => {
    const hub = await startHubBench();
    await hub.post(document("old"));
    await hub.clock.advance(DAY_MS);
    await hub.post(document("new", { timestamp: "2026-02-07T12:00:00Z" }));
    await hub.hub.stop();
    expect(await (await startHubBench({ after: hub })).ids("")).toEqual(["new"]);
  });
});

describe("a kill", () => {
  test("loses nothing that was acknowledged a second ago", async () => {
    const hub = await startHubBench();
    await hub.post(document("one"));
    await hub.clock.advance(SECOND_MS);
    await hub.post(document("too late"));
    const survivor = await afterKill(hub);
    expect(await survivor.ids("")).toEqual(["one"]);
  });

  test("in the middle of a flush leaves the state before it", async () => {
    const hub = await startHubBench();
    await hub.post(document("one"));
    await hub.clock.advance(SECOND_MS);
    for (let index = 0; index < 600; index++) await hub.post(document(`i${index}`));
    await hub.clock.advance(500);
    await hub.clock.advance(0);
    expect([1, 601]).toContain(at((await (await afterKill(hub)).get("/v1/instances")).body, "total"));
    await hub.clock.advance(SECOND_MS);
    expect(at((await (await afterKill(hub)).get("/v1/instances")).body, "total")).toBe(601);
  });
});

describe("a full disk", () => {
  test("leaves the hub answering from memory, unready and loud, and it recovers by itself", async () => {
    const databases = new FullDisk();
    const hub = await startHubBench({ databases });
    databases.isFull = true;
    await hub.post(document("one", { uptime_seconds: 1 }));
    await hub.clock.advance(SECOND_MS);
    expect((await hub.post(document("one", { uptime_seconds: 2 }))).status).toBe(202);
    expect(at((await hub.get("/v1/instances/one")).body, "document", "uptime_seconds")).toBe(2);
    const { status, body } = await hub.get("/readyz");
    expect([status, at(body, "checks", "hub_store", "ok"), at(body, "checks", "hub_store", "message")]).toEqual([
      503,
      false,
      expect.stringContaining("DISK_FULL"),
    ]);
    expect(hub.log.named("hub_flush_failed").length).toBeGreaterThan(0);
    databases.isFull = false;
    await hub.clock.advance(20 * SECOND_MS);
    expect((await hub.get("/readyz")).status).toBe(200);
    expect(hub.log.named("hub_flush_recovered").length).toBeGreaterThan(0);
    expect(at((await (await afterKill(hub)).get("/v1/instances/one")).body, "document", "uptime_seconds")).toBe(2);
  });
});

describe("a database", () => {
  async function stopped(): Promise<HubBench> {
    const hub = await startHubBench();
    for (let index = 0; index < 200; index++) await hub.post(document(`i${index}`));
    await hub.hub.stop();
    return hub;
  }

  test("that is damaged is refused with a hint and left as it is", async () => {
    const damages: readonly ((file: string) => void)[] = [
      (file) => writeFileSync(file, "this is no database, but it is long enough to be looked at\n".repeat(100)),
      (file) => truncateSync(file, 8192),
      (file) => {
        const bytes = readFileSync(file);
        bytes.fill(0xa5, 12_288, 24_576);
        writeFileSync(file, bytes);
      },
      (file) => {
        // The number of free pages, which no reading of the tables looks at.
        const bytes = readFileSync(file);
        bytes.writeUInt32BE(3, 36);
        writeFileSync(file, bytes);
      },
    ];
    for (const damage of damages) {
      const hub = await stopped();
      damage(hub.databaseFile);
      const before = readFileSync(hub.databaseFile);
      await expect(makeHubBench({ after: hub }).hub.start()).rejects.toMatchObject({
        code: "DATABASE_ERROR",
        action: expect.stringContaining(hub.databaseFile),
        hint: expect.stringContaining("backup"),
      });
      expect(readFileSync(hub.databaseFile).equals(before)).toBe(true);
    }
  });

  test("with one unreadable document is refused by the instance's name", async () => {
    const hub = await stopped();
    const database = await createDatabases().open(hub.databaseFile);
    const documents = database.prepare("SELECT documents FROM segments").get()?.["documents"] as Uint8Array;
    const text = new TextDecoder().decode(documents).replace('"instance_id":"i77"', '"instance_id":"i78"');
    database.prepare("UPDATE segments SET documents = ?").run(new TextEncoder().encode(text));
    database.close();
    await expect(makeHubBench({ after: hub }).hub.start()).rejects.toMatchObject({
      code: "DATABASE_ERROR",
      action: expect.stringContaining('"i77"'),
    });
  });

  test("that lacks a part of the log is refused", async () => {
    const hub = await startHubBench();
    for (let index = 0; index < 600; index++) await hub.post(document(`i${index}`));
    await hub.hub.stop();
    const database = await createDatabases().open(hub.databaseFile);
    database.exec("DELETE FROM segments WHERE first = (SELECT first FROM segments ORDER BY first LIMIT 1 OFFSET 1)");
    database.close();
    await expect(makeHubBench({ after: hub }).hub.start()).rejects.toMatchObject({
      code: "DATABASE_ERROR",
      value: expect.stringContaining("gap"),
      hint: expect.stringContaining("backup"),
    });
  });

  test("of a newer version is refused and left as it is", async () => {
    const hub = await stopped();
    const database = await createDatabases().open(hub.databaseFile);
    database.exec("PRAGMA user_version = 99");
    database.close();
    await expect(makeHubBench({ after: hub }).hub.start()).rejects.toMatchObject({
      code: "DATABASE_ERROR",
      hint: expect.stringContaining("newer"),
    });
  });

  test("of another program is refused", async () => {
    const hub = makeHubBench();
    const database = await createDatabases().open(hub.databaseFile);
    database.exec("CREATE TABLE theirs (x)");
    database.close();
    await expect(hub.hub.start()).rejects.toMatchObject({
      code: "DATABASE_ERROR",
      hint: expect.stringContaining("another"),
    });
  });

  test("that another hub works with is refused, and free once that one has stopped", async () => {
    const hub = await startHubBench();
    await expect(makeHubBench({ after: hub }).hub.start()).rejects.toMatchObject({ code: "LOCK_HELD" });
    await hub.hub.stop();
    await hub.hub.stop();
    await startHubBench({ after: hub });
  });
});

describe("a hub that stops", () => {
  test("writes what it has and refuses what comes later", async () => {
    const hub = await startHubBench();
    await hub.post(document("one"));
    const stopped = hub.scheduler.stop(5_000);
    for (let step = 0; step < 20; step++) await hub.clock.advance(100);
    await stopped;
    const late = await hub.post(document("two"));
    expect([late.status, late.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await (await startHubBench({ after: hub })).ids("")).toEqual(["one"]);
  });
});
