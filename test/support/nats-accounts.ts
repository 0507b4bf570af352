/** An operator, an account and users of a NATS server, as `nsc` would make them: JWTs that each signs for the next. */
import { nkeys } from "@nats-io/transport-node";

type KeyPair = ReturnType<typeof nkeys.createUser>;

const HEADER = { typ: "JWT", alg: "ed25519-nkey" };
const UNLIMITED = -1;
const LIMITS = {
  subs: UNLIMITED,
  data: UNLIMITED,
  payload: UNLIMITED,
  imports: UNLIMITED,
  exports: UNLIMITED,
  wildcards: true,
  conn: UNLIMITED,
  leaf: UNLIMITED,
};
const JETSTREAM_LIMITS = {
  mem_storage: UNLIMITED,
  disk_storage: UNLIMITED,
  streams: UNLIMITED,
  consumer: UNLIMITED,
};

export interface NatsUser {
  /** What a credentials file holds. */
  readonly jwt: string;
  readonly seed: string;
}

/** A NATS server's configuration that knows one account, and a maker of its users. */
export function makeAccount(): { readonly configuration: string; readonly makeUser: () => NatsUser } {
  const [operator, account, system] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const preload = [account, system].map((each) => {
    // With JetStream the server wants an account of its own, which may not have any.
    const limits = each === account ? { ...LIMITS, ...JETSTREAM_LIMITS } : LIMITS;
    return `  ${each.getPublicKey()}: ${encodeJwt(operator, each, "account", { limits })}\n`;
  });
  const configuration = `operator: ${encodeJwt(operator, operator, "operator", {})}\n` +
    `system_account: ${system.getPublicKey()}\nresolver: MEMORY\nresolver_preload: {\n${preload.join("")}}\n`;
  return { configuration, makeUser: () => makeUser(account) };
}

/** A user whose account no server knows. */
export function makeStrangeUser(): NatsUser {
  return makeUser(nkeys.createAccount());
}

function makeUser(account: KeyPair): NatsUser {
  const user = nkeys.createUser();
  const jwt = encodeJwt(account, user, "user", {
    pub: {},
    sub: {},
    subs: UNLIMITED,
    data: UNLIMITED,
    payload: UNLIMITED,
  });
  return { jwt, seed: new TextDecoder().decode(user.getSeed()) };
}

function encodeJwt(issuer: KeyPair, subject: KeyPair, type: string, claims: object): string {
  const iat = Math.floor(Date.now() / 1_000);
  const [iss, sub] = [issuer.getPublicKey(), subject.getPublicKey()];
  const payload = { jti: sub, iat, iss, name: type, sub, nats: { ...claims, type, version: 2 } };
  const signed = [HEADER, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${Buffer.from(issuer.sign(new TextEncoder().encode(signed))).toString("base64url")}`;
}
