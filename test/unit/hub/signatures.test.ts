/** Hunts: a signature that is believed for another's node, a pinned instance that an unsigned document overwrites. */
import { describe, expect, test } from "vitest";
import { deriveNodeId } from "../../../src/contract/mod.ts";
import { signMessage } from "../../../src/http/mod.ts";
import { nodeCryptoPort } from "../../support/node-crypto.ts";
import { at, document, type HubBench, SECOND_MS, startHubBench } from "./support.ts";

const URL_SIGNED = "http://127.0.0.1:7411/openclaw/status";

function makeNode() {
  const { privatePkcs8, publicSpki } = nodeCryptoPort.generateEd25519();
  const signer = { publicSpki, sign: nodeCryptoPort.ed25519Signer(privatePkcs8) };
  const headersFor = (hub: HubBench, text: string) => {
    const message = { method: "POST", url: URL_SIGNED, body: new TextEncoder().encode(text) };
    return signMessage({ clock: hub.clock, crypto: nodeCryptoPort }, message, signer);
  };
  return { nodeId: deriveNodeId(nodeCryptoPort, publicSpki), headersFor };
}

function postSigned(hub: HubBench, node: ReturnType<typeof makeNode>, value: unknown) {
  const text = JSON.stringify(value);
  return hub.post(text, { headers: node.headersFor(hub, text) });
}

describe("a signed publication", () => {
  test("by the node that the document names is verified", async () => {
    const hub = await startHubBench();
    const node = makeNode();
    expect((await postSigned(hub, node, document("one", { node_id: node.nodeId }))).status).toBe(202);
    expect((await hub.get("/v1/instances/one")).body).toMatchObject({ verified: true, node_id: node.nodeId });
  });

  test("pins the instance: later unsigned or other-signed ones get 403, also after a restart", async () => {
    const before = await startHubBench();
    const [node, other] = [makeNode(), makeNode()];
    await postSigned(before, node, document("one", { node_id: node.nodeId, uptime_seconds: 1 }));
    await before.hub.stop();
    const hub = await startHubBench({ after: before });
    const refused = [
      await hub.post(document("one", { node_id: node.nodeId })),
      await hub.post(document("one")),
      await postSigned(hub, other, document("one", { node_id: other.nodeId })),
      await postSigned(hub, node, document("one")),
    ];
    expect(refused.map((answer) => [answer.status, at(answer.body, "error", "code")])).toEqual(
      Array(4).fill([403, "FORBIDDEN"]),
    );
    expect((await hub.get("/v1/instances/one")).body).toMatchObject({
      verified: true,
      document: { uptime_seconds: 1 },
    });
    expect((await postSigned(hub, node, document("one", { node_id: node.nodeId }))).status).toBe(202);
  });

  test("by another node than the document names gets 401", async () => {
    const hub = await startHubBench();
    const answer = await postSigned(hub, makeNode(), document("one", { node_id: makeNode().nodeId }));
    expect([answer.status, at(answer.body, "error", "code")]).toEqual([401, "SIGNATURE_INVALID"]);
    expect((await hub.get("/v1/instances/one")).status).toBe(404);
  });

  test("whose signature does not hold gets 401", async () => {
    const hub = await startHubBench();
    const node = makeNode();
    const text = JSON.stringify(document("one", { node_id: node.nodeId }));
    const headers = node.headersFor(hub, text);
    const cases = [
      hub.post(text.replace("12345", "54321"), { headers }),
      hub.post(text, { headers: { ...headers, signature: "sig1=:AAAA:" } }),
      hub.post(text, { headers: { "signature-input": headers["signature-input"] ?? "" } }),
      hub.post(text, { headers: { signature: "garbage" } }),
    ];
    for (const answer of await Promise.all(cases)) {
      expect([answer.status, at(answer.body, "error", "code")]).toEqual([401, "SIGNATURE_INVALID"]);
    }
    await hub.clock.advance(301 * SECOND_MS);
    expect((await hub.post(text, { headers })).status).toBe(401);
  });

  test("without a node id in the document is taken, but proves nothing", async () => {
    const hub = await startHubBench();
    expect((await postSigned(hub, makeNode(), document("one"))).status).toBe(202);
    expect(at((await hub.get("/v1/instances/one")).body, "verified")).toBe(false);
    expect((await hub.post(document("one"))).status).toBe(202);
  });

  test("that is sent again changes nothing", async () => {
    const hub = await startHubBench();
    const node = makeNode();
    const text = JSON.stringify(document("one", { node_id: node.nodeId }));
    const headers = node.headersFor(hub, text);
    expect(at((await hub.post(text, { headers })).body, "duplicate")).toBe(false);
    expect(at((await hub.post(text, { headers })).body, "duplicate")).toBe(true);
  });
});
