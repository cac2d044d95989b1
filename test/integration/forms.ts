/** Every form a value could be written down in by somebody who did not mean to write it down. */

/** Shorter parts than this would be found by chance. */
const shortest = 12;

/** Of a value: its bytes as they are used, and its text as the secret holds it. */
export function formsOf(text: string, bytes: Buffer): string[] {
  const whole = new Set<string>();
  for (const part of [Buffer.from(text), bytes]) {
    whole.add(part.toString('latin1'));
    whole.add(part.toString('hex'));
    whole.add(part.toString('hex').toUpperCase());
    whole.add(part.toString('base64'));
    whole.add(part.toString('base64url'));
    for (const shifted of insideBase64(part)) {
      whole.add(shifted);
    }
  }
  whole.add(text);
  whole.add(encodeURIComponent(text));
  whole.add(JSON.stringify(text).slice(1, -1));
  // JSON in JSON: a slash may be escaped, too.
  whole.add(text.replaceAll('/', '\\/'));
  const forms = new Set<string>();
  for (const form of whole) {
    const middle = Math.ceil(form.length / 2);
    for (const part of [form, form.slice(0, middle), form.slice(middle)]) {
      forms.add(part);
      forms.add([...part].reverse().join(''));
    }
  }
  return [...forms].filter(({ length }) => length >= shortest);
}

/** As it looks in the base64 of a longer text that holds it, at each of the three alignments. */
function insideBase64(part: Buffer): string[] {
  return [1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), part]).toString('base64');
    // The first characters also hold bits of what stands before, the last ones of what comes after.
    return encoded.slice(before + 1).replace(/..={0,2}$/, '');
  });
}

/** The values in one version of a secret: keys of a keyset, passwords, and the flat field. */
export function valuesIn(secretString: string): { text: string; bytes: Buffer }[] {
  const { keyset, ...flat } = JSON.parse(secretString) as {
    keyset?: { encoding: BufferEncoding; keys: { k?: string }[] };
    [field: string]: unknown;
  };
  if (keyset !== undefined) {
    return keyset.keys
      .flatMap(({ k }) => k ?? [])
      .map((text) => ({ text, bytes: Buffer.from(text, keyset.encoding) }));
  }
  const { password } = flat;
  return typeof password === 'string' ? [{ text: password, bytes: Buffer.from(password) }] : [];
}

/** The names of the sinks that hold any of these forms. */
export function foundIn(
  sinks: Readonly<Record<string, string>>,
  forms: readonly string[],
): string[] {
  return Object.entries(sinks)
    .filter(([, text]) => forms.some((form) => text.includes(form)))
    .map(([name]) => name);
}
