/** The same server answering a constant: `BENCH_BODY`, as JSON. */
import { Hono } from "hono";
import { serve } from "./shim.ts";

const body = process.env["BENCH_BODY"] ?? "";
const headers = { "content-type": "application/json" };
const app = new Hono();
app.get("/status", (context) => context.body(body, 200, headers));
serve(app.fetch);
