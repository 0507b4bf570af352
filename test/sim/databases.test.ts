/** Hunts: a simulated database that forgets a commit at a kill, or keeps what was never committed. */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../src/errors.ts";
import { SimWorld } from "./mod.ts";

const PATH = "/work/data.sqlite";

describe("a simulated database", () => {
  test("keeps what was committed at a kill and rolls the rest back", async () => {
    const world = new SimWorld({ seed: 1 });
    const host = world.addHost("alpha");
    const writer = host.start(async ({ databases, clock }) => {
      const database = await databases.open(PATH);
      database.exec("CREATE TABLE item (name TEXT); INSERT INTO item VALUES ('committed')");
      database.exec("BEGIN; INSERT INTO item VALUES ('open')");
      clock.setTimer(1e9, () => undefined);
    });
    await world.run(100);
    writer.kill();
    const database = await world.wait(world.createRuntime(host).databases.open(PATH));
    expect(database.prepare("SELECT name FROM item").all().map(({ name }) => name)).toEqual(["committed"]);
    host.powerCut("lost");
    host.boot();
    const again = await world.wait(world.createRuntime(host).databases.open(PATH));
    expect(again.prepare("SELECT count(*) AS count FROM item").get()?.["count"]).toBe(1);
  });

  test("lives with its file: another path, another host or a removed file is another database", async () => {
    const world = new SimWorld({ seed: 1 });
    const [alpha, beta] = [world.addHost("alpha"), world.addHost("beta")];
    const { databases, files } = world.createRuntime(alpha);
    (await world.wait(databases.open(PATH))).exec("CREATE TABLE item (name TEXT)");
    for (const other of [databases.open("/work/other.sqlite"), world.createRuntime(beta).databases.open(PATH)]) {
      expect((await world.wait(other)).prepare("SELECT * FROM sqlite_schema").all()).toEqual([]);
    }
    await world.wait(files.remove(PATH));
    expect((await world.wait(databases.open(PATH))).prepare("SELECT * FROM sqlite_schema").all()).toEqual([]);
  });

  test("meets the full disk of its host", async () => {
    const world = new SimWorld({ seed: 1 });
    const host = world.addHost("alpha");
    const database = await world.wait(world.createRuntime(host).databases.open(PATH));
    database.exec("CREATE TABLE item (value BLOB)");
    const insert = database.prepare("INSERT INTO item VALUES (?)");
    host.disk.limitFree(8_192);
    let thrown: unknown;
    try {
      insert.run(new Uint8Array(100_000));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(BarnacleError);
    expect((thrown as BarnacleError).code).toBe("DISK_FULL");
    host.disk.limitFree(1_000_000);
    insert.run(new Uint8Array(100_000));
  });
});
