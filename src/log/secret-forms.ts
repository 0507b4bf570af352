/**
 * The forms in which a secret turns up inside other text.
 *
 * Each form is what a common encoder makes of the value. Base64 needs care: an encoder packs three bytes into four
 * characters, so a secret inside a larger value (`user:secret` of HTTP Basic) starts at one of three alignments; for
 * each of them the characters that depend on the secret alone are a form.
 *
 * @module
 */
import { SECRET_CHARACTERS_MIN } from "../limits.ts";
import { escapeControls } from "./escape.ts";

const PEM_BOUNDARY = "-----";
/** Texts in which no encoder of JSON, URLs or forms finds anything to escape. */
const LEFT_ALONE = /^[\w.-]+$/;

/**
 * Every form of a secret worth searching for: the whole value, and each line of one with several lines (a private key).
 *
 * @param value the secret
 * @returns distinct texts, none shorter than `SECRET_CHARACTERS_MIN`
 */
export function secretForms(value: string): ReadonlySet<string> {
  const forms = new Set<string>();
  for (const part of [value, ...value.split(/[\r\n]+/)]) {
    const isWorthMasking = part.trim().length >= SECRET_CHARACTERS_MIN &&
      (part === value || !part.startsWith(PEM_BOUNDARY));
    if (!isWorthMasking) continue;
    // Most tokens are left as they are by JSON and by percent-encoding; start-up need not load these for them.
    const escaped = LEFT_ALONE.test(part) ? [] : [...jsonForms(part), ...percentForms(part)];
    for (const form of [part, ...escaped, ...base64Forms(part)]) forms.add(form);
  }
  return forms;
}

function jsonForms(value: string): string[] {
  const once = insideQuotes(value);
  const asciiOnly = once.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [once, insideQuotes(once), once.replaceAll("/", "\\/"), asciiOnly, escapeControls(once)];
}

function insideQuotes(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

function percentForms(value: string): string[] {
  const wellFormed = value.toWellFormed();
  const component = encodeURIComponent(wellFormed);
  const strict = component.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([["", wellFormed]]).toString().slice(1);
  const upper = [component, strict, form, encodeURI(wellFormed)];
  return upper.flatMap((text) => [text, text.replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase())]);
}

function base64Forms(value: string): string[] {
  let octets = "";
  for (const octet of new TextEncoder().encode(value)) octets += String.fromCharCode(octet);
  const standard = [btoa(octets).replace(/=+$/, "")];
  for (let shift = 0; shift < 3; shift++) {
    const firstOwn = Math.ceil((shift * 8) / 6);
    const firstForeign = Math.floor(((shift + octets.length) * 8) / 6);
    standard.push(btoa("\0".repeat(shift) + octets).slice(firstOwn, firstForeign));
  }
  return standard.flatMap((text) => [text, text.replaceAll("+", "-").replaceAll("/", "_")]);
}
