/**
 * The text that an HTTP message signature covers. Source: RFC 9421, section 2.5.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import { type InnerList, serializeBareItem, serializeInnerList } from "./structured-fields.ts";

/** A request as both ends see it. */
export interface SignableRequest {
  readonly method: string;
  /** The absolute URL; a fragment does not count. */
  readonly url: string;
  readonly headers: Headers;
}

/**
 * Builds the signature base of a request.
 *
 * @param covered the covered components, and the signature's parameters
 * @throws `SIGNATURE_INVALID` when a component is named twice, is missing from the request, or is of a kind that is not supported
 */
export function buildSignatureBase(request: SignableRequest, covered: InnerList): string {
  const url = new URL(request.url);
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const item of covered.items) {
    const name = item.value;
    if (typeof name !== "string" || name !== name.toLowerCase() || item.parameters.size > 0) {
      throw componentError("a component name of a form that is not supported", "plain names in lower case");
    }
    if (seen.has(name)) throw componentError(`"${name}" twice`, "each component once");
    seen.add(name);
    lines.push(`${serializeBareItem(name)}: ${componentValue(request, url, name)}`);
  }
  lines.push(`"@signature-params": ${serializeInnerList(covered)}`);
  return lines.join("\n");
}

/** Source: RFC 9421, sections 2.1 and 2.2. */
function componentValue(request: SignableRequest, url: URL, name: string): string {
  switch (name) {
    case "@method":
      return request.method;
    case "@target-uri":
      return url.href.slice(0, url.href.length - url.hash.length);
    case "@authority":
      return url.host;
    case "@scheme":
      return url.protocol.slice(0, -1);
    case "@path":
      return url.pathname;
    case "@query":
      return url.search === "" ? "?" : url.search;
  }
  const value = name.startsWith("@") ? null : request.headers.get(name);
  if (value === null) throw componentError(`"${name}"`, "a component of this request");
  return value;
}

function componentError(value: string, wanted: string): BarnacleError {
  return new BarnacleError({ code: "SIGNATURE_INVALID", action: "Build the signature base", value, wanted });
}
