/** Arrays as PostgreSQL writes them (manual, "Array Input and Output Syntax"). */

/**
 * No quotes are needed without these: digits, letters, what base64 and uuids add. One that is looked for, not a whole
 * that fits: over megabytes the way back that a greedy match keeps open is longer than the stack.
 */
const needsQuotes = /[^A-Za-z0-9_.+/=-]/;

/** `{a,"b c",NULL}`: one literal for a whole array parameter. */
export function arrayLiteral(elements: readonly (string | null)[]): string {
  let literal = '{';
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index] ?? null;
    if (index > 0) {
      literal += ',';
    }
    if (element === null) {
      literal += 'NULL';
    } else if (element === '' || /^null$/i.test(element) || needsQuotes.test(element)) {
      literal += `"${element.replace(/[\\"]/g, '\\$&')}"`;
    } else {
      literal += element;
    }
  }
  return `${literal}}`;
}
