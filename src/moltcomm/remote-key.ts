/**
 * Under which key the limits of a remote address are counted.
 *
 * @module
 */

const IPV6_GROUPS = 8;
/** One host or one home commonly holds a whole /64 (RFC 6177, section 2): counting addresses would count nothing. */
const IPV6_KEY_GROUPS = 4;
const MAPPED_IPV4_REGEXP = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** An IPv4 address or a name as it is; of an IPv6 address its network of 64 bits. */
export function remoteKeyOf(host: string): string {
  if (!host.includes(":")) return host;
  const plain = host.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const mapped = MAPPED_IPV4_REGEXP.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = plain.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : Math.max(0, IPV6_GROUPS - first.length - last.length);
  const groups = [...first, ...Array.from({ length: missing }, () => "0"), ...last].slice(0, IPV6_KEY_GROUPS);
  const isLoopback = groups.every((group) => /^0*$/.test(group));
  return isLoopback ? plain : `${groups.map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
