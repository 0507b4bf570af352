/** The port's `Http` for a simulated process: real HTTP/1.1 bytes over the simulated network. @module */
import type { Http, HttpServer } from "../../../src/runtime/port.ts";
import type { SimProcess } from "../process/sim-process.ts";
import { SimHttpClient } from "./client.ts";
import { type HttpComponents, type SimServeOptions, startServer } from "./server.ts";

/** The port's, with what a scenario's servers may want besides. */
export interface SimHttp extends Http {
  serve(options: SimServeOptions): Promise<HttpServer>;
}

export function createHttpPort(process: SimProcess, components: HttpComponents): SimHttp {
  return {
    serve: (options) => startServer(process, components, options),
    client: (options) => new SimHttpClient(process, components, options),
  };
}
