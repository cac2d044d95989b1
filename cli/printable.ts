/**
 * What is printed comes from elsewhere, too: names in a manifest, settings that an application's role gave itself,
 * errors of functions. On a terminal control characters could hide a statement from whoever is to confirm it, or
 * turn a line around (Unicode Technical Report 36, "Bidirectional Text Spoofing"), so they are shown as escapes:
 * inside of JSON these mean the same.
 */

const escapeCharacter = String.fromCharCode(27);
/** The colours of this command line (Select Graphic Rendition, ECMA-48), and nothing else that begins so. */
const colours = `${escapeCharacter}\\[(?:0|31|32|33|90)m`;
const steering = '[\\p{Cc}\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]';
const found = new RegExp(`${colours}|${steering}`, 'gu');

/** @param text lines; its line breaks, tabs and our colours stay */
export function printable(text: string): string {
  return text.replace(found, (match) =>
    match.length > 1 || match === '\n' || match === '\t' ? match : escaped(match),
  );
}

/** As `printable`, for a text that is to stay one line. */
export function oneLine(text: string): string {
  return printable(text).replace(/[\n\t]/g, escaped);
}

const escaped = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
