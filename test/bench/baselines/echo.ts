/** The bare echo: parse the JSON, check it with the hub's own schema, answer with what came. No key, no order, no disk. */
import { Hono } from "hono";
import * as z from "zod/mini";
import { receivedStatusDocument } from "../../../src/contract/status-document.ts";
import { serve } from "./shim.ts";

const app = new Hono();
app.get("/healthz", (context) => context.text("ok"));
app.post("/openclaw/status", async (context) => {
  const checked = z.safeParse(receivedStatusDocument, await context.req.json());
  return checked.success ? context.json(checked.data, 202) : context.json({ error: "invalid" }, 400);
});
serve(app.fetch);
