/** A receiver of heartbeats, in a process of its own: takes every publication. Tells its parent the port. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8").on("data", (chunk: string) => text += chunk).on("end", () => {
    const { message_id } = JSON.parse(text) as { message_id: string };
    response.writeHead(202, { "content-type": "application/json" });
    response.end(JSON.stringify({ accepted: true, message_id, duplicate: false }));
  });
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => {
  server.close();
  server.closeAllConnections();
});
