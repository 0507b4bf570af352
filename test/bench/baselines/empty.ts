/** The empty server: one route, one word. */
import { Hono } from "hono";
import { serve } from "./shim.ts";

const app = new Hono();
app.get("/status", (context) => context.text("ok"));
serve(app.fetch);
