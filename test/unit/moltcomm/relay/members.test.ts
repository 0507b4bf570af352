/** Hunts: a listed relay that serves strangers, one that cuts its members off from the world, a list that a running relay does not take. */
import { describe, expect, test } from "vitest";
import { createMetrics } from "../../../../src/metrics/mod.ts";
import { addMember, MemberList } from "../../../../src/moltcomm/relay/mod.ts";
import { createScheduler } from "../../../../src/scheduler/mod.ts";
import { SimWorld } from "../../../sim/mod.ts";
import { RecordingLogger } from "../../scheduler/support.ts";
import { makeIdentity } from "../node/support.ts";
import { FakeMembers, makeScene, SECOND_MS, textsOf } from "./support.ts";

async function makeListedScene() {
  const members = new FakeMembers();
  const scene = await makeScene({ members });
  const identity = makeIdentity(scene.subject.runtime.crypto);
  members.nodeIds.add(identity.nodeId);
  return { ...scene, members, identity };
}

describe("a relay that is listed", () => {
  test("lets strangers write to members and be answered, and tells each what it is", async () => {
    const { register, identity } = await makeListedScene();
    const [member, stranger] = [await register(0, identity), await register(1)];
    expect(member.all("HELLO_ACK")[0]?.body.agent).toBe("barnacle/test relay");
    expect(stranger.all("HELLO_ACK")[0]?.body.agent).toBe("barnacle/test relay guest");
    member.answersDirects(() => "ACK");
    expect((await stranger.answerTo(stranger.direct(member.nodeId, "hello"))).t).toBe("ACK");
  });

  test("hands nothing from one stranger to another", async () => {
    const { register, dial, sample } = await makeListedScene();
    const [one, other] = [await register(0), await register(1)];
    expect((await one.answerTo(one.direct(other.nodeId, "hello"))).body).toMatchObject({ code: "UNSUPPORTED" });
    const silent = await dial(2);
    silent.direct(other.nodeId, "hello");
    await silent.world.run(SECOND_MS);
    expect(textsOf(other)).toEqual([]);
    expect(sample('frames_refused_total{reason="not_a_member"}')).toBe(2);
  });

  test("tells of members only", async () => {
    const { register, identity } = await makeListedScene();
    const [member, stranger] = [await register(0, identity), await register(1)];
    await register(2);
    const answer = stranger.next("PEERS_RES");
    stranger.say("PEERS", {});
    expect(((await answer).body.peers as { peer_id: string }[]).map(({ peer_id }) => peer_id)).toEqual([member.nodeId]);
  });

  test("takes a change of the list for nodes that are registered already", async () => {
    const { register, members } = await makeListedScene();
    const [one, other] = [await register(0), await register(1)];
    other.answersDirects(() => "ACK");
    members.change(other.nodeId, true);
    expect((await one.answerTo(one.direct(other.nodeId, "now"))).t).toBe("ACK");
    members.change(other.nodeId, false);
    expect((await one.answerTo(one.direct(other.nodeId, "no more"))).body).toMatchObject({ code: "UNSUPPORTED" });
  });
});

describe("MemberList", () => {
  const FILE = "/work/relay-members";

  function makeList() {
    const world = new SimWorld({ seed: 3 });
    const runtime = world.createRuntime(world.addHost("relay"));
    const log = new RecordingLogger();
    const scheduler = createScheduler({ ...runtime, log, metrics: createMetrics() });
    const [configured, invited] = [makeIdentity(runtime.crypto).nodeId, makeIdentity(runtime.crypto).nodeId];
    const list = new MemberList({ ...runtime, log, scheduler }, { nodeIds: [configured], file: FILE });
    const add = (nodeId: string, name?: string) => world.wait(addMember(runtime, { file: FILE, nodeId, name }));
    const text = async () => new TextDecoder().decode(await world.wait(runtime.files.read(FILE, 1_000_000)));
    const write = async (content: string) => {
      const handle = await world.wait(runtime.files.open(FILE, "create"));
      await world.wait(handle.write(new TextEncoder().encode(content)));
      await world.wait(handle.close());
    };
    return { world, runtime, log, scheduler, list, configured, invited, add, text, write };
  }

  test("has whom the configuration names where there is no file", async () => {
    const { world, list, configured, invited } = makeList();
    await world.wait(list.start());
    expect([list.has(configured), list.has(invited), list.size]).toEqual([true, false, 1]);
  });

  test("takes whom addMember adds within seconds, and forgets whom the file lost", async () => {
    const { world, scheduler, list, configured, invited, add, write } = makeList();
    await world.wait(list.start());
    scheduler.start();
    let changes = 0;
    list.onChange(() => changes++);
    expect(await add(invited, "a friend\nof mine")).toBe(true);
    await world.run(7 * SECOND_MS);
    expect([list.has(invited), list.has(configured), changes]).toEqual([true, true, 1]);
    await world.run(20 * SECOND_MS);
    expect(changes).toBe(1);
    await write("# nobody\n");
    await world.run(7 * SECOND_MS);
    expect([list.has(invited), list.has(configured)]).toEqual([false, true]);
  });

  test("takes what people write: comments, names, other line ends, no last line end; and says which lines it cannot", async () => {
    const { world, list, invited, write, log, runtime } = makeList();
    const other = makeIdentity(runtime.crypto).nodeId;
    await write(`# members\r\n\r\n  ${invited}   chimera  \r\nnobody@example\r\n${other}`);
    await world.wait(list.start());
    expect([list.has(invited), list.has(other), list.size]).toEqual([true, true, 3]);
    expect(log.named("relay_members_wrong")[0]?.fields["lines"]).toEqual([4]);
  });

  test("addMember adds each once, keeps what is there, and ends a line that was not ended", async () => {
    const { add, configured, invited, text, write } = makeList();
    await write(`# by hand\n${configured} me`);
    expect([await add(invited, "you"), await add(invited), await add(configured)]).toEqual([true, false, false]);
    expect(await text()).toBe(`# by hand\n${configured} me\n${invited} you\n`);
  });
});
