/**
 * I6: no value, in no form, in anything the function left: log lines, answers, errors, events, metrics, inputs of
 * executions, records of the control table. A line that was searched before is searched for what is new.
 */
import { formsOf, valuesIn } from '../integration/forms.ts';
import type { Stand } from './stand.ts';

export class LeakSearch {
  readonly #values = new Set<string>();
  readonly #texts = new Set<string>();
  readonly #forms: string[] = [];
  /** How many of the forms a line was searched for. */
  readonly #searched = new Map<string, number>();

  /** @returns the first line that holds a form of a value */
  look(stand: Stand): string | undefined {
    for (const secret of stand.secrets.store.all()) {
      for (const { value } of secret.state.versions.values()) {
        this.#learn(value?.ciphertext.toString('utf8'));
      }
    }
    return [...linesOf(stand)].find((line) => this.#holds(line));
  }

  get searchedFor(): number {
    return this.#values.size;
  }

  #holds(line: string): boolean {
    const from = this.#searched.get(line) ?? 0;
    if (from === this.#forms.length) {
      return false;
    }
    this.#searched.set(line, this.#forms.length);
    return this.#forms.slice(from).some((form) => line.includes(form));
  }

  #learn(text: string | undefined): void {
    if (text === undefined || this.#texts.has(text) || text.includes('uninitialised')) {
      return;
    }
    this.#texts.add(text);
    const values = text.startsWith('{')
      ? valuesIn(text)
      : [{ text, bytes: Buffer.from(text, 'utf8') }];
    for (const value of values) {
      if (!this.#values.has(value.text)) {
        this.#values.add(value.text);
        this.#forms.push(...formsOf(value.text, value.bytes));
      }
    }
  }
}

function* linesOf(stand: Stand): Generator<string> {
  for (const line of stand.log) yield JSON.stringify(line);
  for (const answer of stand.answers) {
    if (answer instanceof Error) {
      yield `${answer.stack}\n${JSON.stringify(answer)}\n${String(answer.cause)}`;
    } else {
      yield JSON.stringify(answer) ?? '';
    }
  }
  for (const { record } of stand.items.items.values()) yield record?.S ?? '';
  for (const event of stand.bus.events) yield JSON.stringify(event);
  for (const metric of stand.metrics.emitted) yield JSON.stringify(metric);
  for (const execution of stand.executions.started) yield JSON.stringify(execution);
}
