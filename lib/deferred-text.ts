import { Token } from 'aws-cdk-lib/core';

/** What is known at deployment only cannot stand in an asset: it goes into the environment, and a name in its place. */
export class DeferredText {
  /** Variables of the function that has the file. */
  readonly environment: Record<string, string> = {};
  readonly #names = new Map<string, string>();

  /** JSON for the asset; `$DEFERRED_1` and so on where a token was. */
  textOf(facts: unknown): string {
    return JSON.stringify(facts, (_key, value: unknown) =>
      (typeof value === 'string' || typeof value === 'number') && Token.isUnresolved(value)
        ? `$${this.#nameOf(Token.asString(value))}`
        : value,
    );
  }

  #nameOf(text: string): string {
    const name = this.#names.get(text) ?? `DEFERRED_${this.#names.size + 1}`;
    this.#names.set(text, name);
    this.environment[name] = text;
    return name;
  }
}
