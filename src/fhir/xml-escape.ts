/** Text → XML 1.0, https://www.w3.org/TR/xml/. What XML cannot hold becomes U+FFFD, as in every decoder. */

const SPECIAL = /[<>&"\t\n\r]/g;
const NAMES: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};
/** Characters that must not stand in an attribute as they are; most values have none. */
const ANY = /[^ !#-%'-;=?-\u007e\u0080-\ud7ff\ue000-\ufffd]/;
/** Control characters other than tab, line feed and carriage return, and what is no character. */
const IMPOSSIBLE = /[^\P{Cc}\t\n\r\u007f-\u009f]|[\ufffe\uffff]/gu;

/** A value as it stands between the double quotes of an attribute. */
export function escapedXml(value: string): string {
  if (!ANY.test(value)) return value;
  return value
    .toWellFormed()
    .replace(IMPOSSIBLE, '\ufffd')
    .replace(SPECIAL, (c) => NAMES[c] ?? c);
}

/** A text as it stands between elements. */
export function escapedText(text: string): string {
  return text
    .toWellFormed()
    .replace(IMPOSSIBLE, '\ufffd')
    .replace(/[<>&\r]/g, (c) => NAMES[c] ?? c);
}
