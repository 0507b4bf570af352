/** Every promise of the runtime port, as one list. @module */
import type { ContractCase } from "./case.ts";
import { CRYPTO_CASES } from "./crypto.cases.ts";
import { DATABASE_CASES } from "./database.cases.ts";
import { FETCH_CASES } from "./fetch.cases.ts";
import { FILES_CASES } from "./files.cases.ts";
import { HOST_CASES } from "./host.cases.ts";
import { HTTP_CASES } from "./http.cases.ts";
import { PROCESS_CASES } from "./process.cases.ts";
import { TCP_CASES } from "./tcp.cases.ts";
import { TIMERS_CASES } from "./timers.cases.ts";

export const CASES: readonly ContractCase[] = [
  ...FILES_CASES,
  ...TIMERS_CASES,
  ...CRYPTO_CASES,
  ...DATABASE_CASES,
  ...HOST_CASES,
  ...TCP_CASES,
  ...HTTP_CASES,
  ...FETCH_CASES,
  ...PROCESS_CASES,
];
