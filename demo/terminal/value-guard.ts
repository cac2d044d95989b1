/** Keeps values off the screen: the last line of defence, the first being not to print them. */
export class ValueGuard {
  #values = new Set<string>();
  #withheld = 0;

  /**
   * Watches every string in a secret's value: the whole, and each one inside it when it is JSON.
   * Names and states are watched only if they are long enough not to be ordinary words.
   */
  watch(secretString: string): void {
    this.#add(secretString);
    try {
      this.#descend(JSON.parse(secretString));
    } catch {
      // Not JSON: the whole is the value.
    }
  }

  /** The text, with every watched value replaced. */
  mask(text: string): string {
    let masked = text;
    for (const value of this.#values) {
      if (masked.includes(value)) {
        this.#withheld += 1;
        masked = masked.replaceAll(value, '[value withheld]');
      }
    }
    return masked;
  }

  /** How often a value was about to be shown. Anything but 0 is a defect of the show. */
  get withheld(): number {
    return this.#withheld;
  }

  #descend(value: unknown, key?: string): void {
    if (typeof value === 'string') {
      if (key === undefined || !namesNotValues.has(key)) {
        this.#add(value);
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        this.#descend(inner, Array.isArray(value) ? key : name);
      }
    }
  }

  #add(value: string): void {
    if (value.length >= 12) {
      this.#values.add(value);
    }
  }
}

/** Members of a secret's value that name something and may be shown. */
const namesNotValues: ReadonlySet<string> = new Set([
  ...['kid', 'state', 'alg', 'encoding'],
  ...['createdAt', 'primarySince', 'acceptUntil', 'disabledAt', 'revokedAt', 'prunedAt'],
  ...['basedOn', 'intent', 'token', 'engine', 'host', 'dbname', 'username', 'masterarn'],
  ...['requestedBy', 'reason', 'quarterturn'],
]);
