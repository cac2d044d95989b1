/** Arrays as PostgreSQL writes them (manual, "Array Input and Output Syntax"). */

/** No quotes are needed around these: digits, letters, what base64 and uuids add; never empty, never NULL. */
const bare = /^(?!null$)[A-Za-z0-9_.+/=-]+$/i;

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
    } else if (bare.test(element)) {
      literal += element;
    } else {
      literal += `"${element.replace(/[\\"]/g, '\\$&')}"`;
    }
  }
  return `${literal}}`;
}
