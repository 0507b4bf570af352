/** The one member of Bun's namespace that the baselines use. */
declare const Bun: {
  serve(options: {
    readonly hostname: string;
    readonly port: number;
    readonly fetch: (request: Request) => Response | Promise<Response>;
  }): unknown;
};

/** Serves on the loopback port that the bench chose. */
export function serve(fetch: (request: Request) => Response | Promise<Response>): void {
  Bun.serve({ hostname: "127.0.0.1", port: Number(process.env["BENCH_PORT"]), fetch });
}
