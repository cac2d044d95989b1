/** Every request the sandbox answered, without what must not be written down. */
import type { RequestRecord } from './sandbox.ts';
import type { Caller } from './service.ts';

/** A call that a service answered, and what its entry here leaves out. */
export interface AnsweredCall {
  /** With its input redacted. */
  record: RequestRecord;
  caller: Caller;
  error?: { code: string; message: string };
  /** How often it was done: twice where a fault repeats it. */
  times: number;
  /** Of KMS, the key that was named. */
  keyArn?: string;
}

const SECRET_MEMBERS = new Set([
  'secretstring',
  'secretbinary',
  'plaintext',
  'ciphertextblob',
  'rotationtoken',
  'sessiontoken',
  'password',
]);
const REDACTED = '[redacted]';

export class RequestLog {
  readonly #records: RequestRecord[] = [];
  readonly #followers = new Set<(call: AnsweredCall) => void>();

  /** @param answered of a call that reached its service and was signed */
  add(record: RequestRecord, answered?: Omit<AnsweredCall, 'record'>): void {
    const redacted = { ...record, input: redact(typed(record)) };
    this.#records.push(redacted);
    if (answered !== undefined) {
      for (const follow of this.#followers) {
        follow({ ...answered, record: redacted });
      }
    }
  }

  onAnswered(follow: (call: AnsweredCall) => void): void {
    this.#followers.add(follow);
  }

  all(): readonly RequestRecord[] {
    return this.#records;
  }

  clear(): void {
    this.#records.length = 0;
  }
}

/** Who writes a parameter over need not say its type: it may be a SecureString. */
function typed({ service, operation, input }: RequestRecord): unknown {
  return service === 'ssm' && operation === 'PutParameter'
    ? { Type: 'SecureString', ...(input as object) }
    : input;
}

/** Replaces values by the name of their member, at any depth; of an SSM SecureString, its Value. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(redact);
  }
  if (value instanceof Uint8Array) {
    return `[${value.length} bytes]`;
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const secure = (value as Record<string, unknown>).Type === 'SecureString';
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      SECRET_MEMBERS.has(name.toLowerCase()) || (secure && name === 'Value')
        ? REDACTED
        : redact(member),
    ]),
  );
}
