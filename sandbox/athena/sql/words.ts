/** The tokens of a query, read one after the other. */
import { notSimulated, type Place, QueryError } from './error.ts';
import type { Expression } from './syntax.ts';
import { type Token, tokensOf } from './tokens.ts';

export class Words {
  readonly #tokens: readonly Token[];
  readonly #parameters: readonly Expression[];
  #position = 0;
  #used = 0;

  /** @param parameters what stands for each `?`, in order */
  constructor(sql: string, parameters: readonly Expression[]) {
    this.#tokens = tokensOf(sql);
    this.#parameters = parameters;
  }

  get next(): Token {
    return this.#tokens[this.#position] as Token;
  }

  skip(): Token {
    const token = this.next;
    if (token.kind !== 'end') {
      this.#position += 1;
    }
    return token;
  }

  is(text: string): boolean {
    const { kind, text: own } = this.next;
    return (kind === 'word' || kind === 'symbol') && own === text;
  }

  take(text: string): boolean {
    const found = this.is(text);
    if (found) {
      this.skip();
    }
    return found;
  }

  expect(text: string): void {
    if (!this.take(text)) {
      throw notSimulated(
        `"${this.next.text}" where ${text.toUpperCase()} is expected`,
        this.next.at,
      );
    }
  }

  parameter(at: Place): Expression {
    const literal = this.#parameters[this.#used];
    this.#used += 1;
    return { ...(literal ?? { kind: 'literal', value: null }), at } as Expression;
  }

  /** @throws QueryError where it is not the end, or where parameters are missing or left over */
  end(): void {
    this.take(';');
    if (this.next.kind !== 'end') {
      throw notSimulated(`"${this.next.text}"`, this.next.at);
    }
    if (this.#used !== this.#parameters.length) {
      throw new QueryError(
        'INVALID_PARAMETER_USAGE',
        `Incorrect number of parameters: expected ${this.#used} but found ${this.#parameters.length}`,
        { line: 1, column: 1 },
      );
    }
  }
}
