/** Masks known secrets in text. @module */
import { SECRET_CHARACTERS_MIN, SECRETS_MAX } from "../limits.ts";
import { secretForms } from "./secret-forms.ts";
import { Secret, SECRET_MASK } from "./secret.ts";

/** `://user:password@`, whose user part is a secret whether or not anybody registered it. */
const URL_USER = /:\/\/[^\s/?#]*@/g;
/**
 * Credentials as they stand in an `Authorization` header: a mistyped key is not registered, and still tells most of the
 * right one.
 */
const CREDENTIALS = /\b(bearer|basic)(\s+)[\w.~+/=-]{8,}/gi;

/**
 * Holds the secrets of this process and replaces them in any text by `[secret]`: as they are, and in the forms that
 * common encoders make of them (base64 and base64url at any alignment, percent-encoded, escaped in JSON). User parts of
 * URLs and `Bearer`/`Basic` credentials are masked even when nobody registered them.
 *
 * Secrets shorter than `SECRET_CHARACTERS_MIN` characters are not searched for, because they would mask ordinary text;
 * a {@link Secret} of any length still shows as `[secret]`.
 */
export class Redactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | undefined;
  #formCharactersMax = 0;

  /**
   * Masks this secret from now on. Registering it again does nothing.
   *
   * @returns `false` when the secret is too short to be masked inside text, so that the caller can refuse it or say so
   */
  register(secret: Secret | string): boolean {
    const value = secret instanceof Secret ? secret.reveal() : secret;
    if (value.trim().length < SECRET_CHARACTERS_MIN) return false;
    if (this.#secrets.has(value)) return true;
    const oldest = this.#secrets.size >= SECRETS_MAX ? this.#secrets.values().next().value : undefined;
    if (oldest !== undefined) this.#secrets.delete(oldest);
    this.#secrets.add(value);
    this.#pattern = undefined;
    return true;
  }

  /** The text with every known secret masked. */
  redact(text: string): string {
    const known = this.#compiled();
    const masked = known === undefined ? text : text.replace(known, SECRET_MASK);
    return masked.replace(URL_USER, `://${SECRET_MASK}@`).replace(CREDENTIALS, `$1$2${SECRET_MASK}`);
  }

  /**
   * The longest form of any secret: that many characters before a cut may be a part of one that is no longer
   * recognised.
   */
  get formCharactersMax(): number {
    this.#compiled();
    return this.#formCharactersMax;
  }

  /** One pattern for all forms, made when first needed after a registration: start-up registers several in a row. */
  #compiled(): RegExp | undefined {
    if (this.#pattern !== undefined || this.#secrets.size === 0) return this.#pattern;
    const forms = new Set<string>();
    for (const secret of this.#secrets) for (const form of secretForms(secret)) forms.add(form);
    // Longest first: where one form begins with another, the alternation takes the longer.
    const ordered = [...forms].sort((left, right) => right.length - left.length);
    this.#formCharactersMax = ordered[0]?.length ?? 0;
    this.#pattern = new RegExp(ordered.map(escapePattern).join("|"), "g");
    return this.#pattern;
  }
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
