/** Calls into the C library under Bun, as the programs of this folder make them. Linux on x86-64 and arm64. */

type Kind = "int" | "i64" | "ptr" | "cstring";
type Value = number | bigint | Uint8Array;

interface BunForeign {
  dlopen<Name extends string>(
    library: string,
    functions: Readonly<Record<Name, { readonly args: readonly Kind[]; readonly returns: Kind }>>,
  ): { readonly symbols: Readonly<Record<Name, (...values: Value[]) => number | bigint>> };
}

const { dlopen } = process.getBuiltinModule("bun:ffi") as unknown as BunForeign;

export const { symbols: libc } = dlopen("libc.so.6", {
  open: { args: ["cstring", "int"], returns: "int" },
  ioctl: { args: ["int", "i64", "ptr"], returns: "int" },
  socket: { args: ["int", "int", "int"], returns: "int" },
  setsockopt: { args: ["int", "int", "int", "ptr", "int"], returns: "int" },
  getsockopt: { args: ["int", "int", "int", "ptr", "ptr"], returns: "int" },
  read: { args: ["int", "ptr", "i64"], returns: "i64" },
  write: { args: ["int", "ptr", "i64"], returns: "i64" },
  poll: { args: ["ptr", "i64", "int"], returns: "int" },
  prctl: { args: ["int", "i64"], returns: "int" },
});

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const POLLIN = 1;

/** Ends this process with the one that started it, however that ends. */
export function dieWithParent(): void {
  libc.prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/** @throws Error when a call failed */
export function checked(what: string, result: number | bigint): number {
  if (result < 0) throw new Error(`${what} failed`);
  return Number(result);
}

/** Waits until something can be read. @returns whether it can */
export function canRead(descriptor: number, timeoutMs: number): boolean {
  const request = new DataView(new ArrayBuffer(8));
  request.setInt32(0, descriptor, true);
  request.setInt16(4, POLLIN, true);
  return Number(libc.poll(new Uint8Array(request.buffer), 1, timeoutMs)) > 0;
}

/** Tells whoever started this process. */
export function tell(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stderr.write(`${JSON.stringify({ event, ...fields })}\n`);
}
