/**
 * Users of the reference application, all the while: logins, tokens old and new, patients read, written, added and
 * removed, health. Every answer is compared with what it has to be; what is anything else has failed.
 */
import type { Clock } from '../doors/clock.ts';
import type { Patient } from './data/data-set.ts';
import { SeededSequence } from './data/seeded-sequence.ts';
import type { Answer, Call, HttpCaller } from './http-caller.ts';
import { rests } from './rests.ts';

export interface LoadParts {
  /** Of the instance that logs in with two roles, and of the older one, which reads patients alone. */
  callers: { current: HttpCaller; older: HttpCaller };
  user: { id: string; password: string };
  /** Of the user's workspace. */
  patients: readonly Patient[];
  /** The machine's: load flows while the sandbox's time stands still. */
  clock: Clock;
  /** The sandbox's: tokens end by it. */
  now(): Date;
}

export interface LoadTally {
  requests: number;
  failures: number;
  /** Of the failures: what was asked and answered, without a value. */
  reasons: string[];
  /** Tokens that reached the end of their life, as they should; their users logged in again. */
  endedSessions: number;
  logins: number;
  /**
   * Answered 503 while the sandbox's clock moved under them, by minutes or weeks within one request, and asked again
   * as Retry-After says. No machine's time does that.
   */
  askedAgain: number;
  /** Under how many keys tokens were accepted. */
  kids: number;
  /** Milliseconds. */
  p99: number;
}

interface Token {
  text: string;
  kid: string;
  /** Milliseconds since 1970. */
  ends: number;
}

const users = 3;
const pauseMilliseconds = 120 * rests;
/** A password is dear on purpose: few log in, many show a token. */
const loginEvery = 20;
/** The oldest ones are kept: they are the ones a rotation could lose. */
const tokensKept = 40;
const reasonsKept = 3;

export class ApplicationLoad {
  readonly #parts: LoadParts;
  readonly #tokens: Token[] = [];
  readonly #kids = new Set<string>();
  readonly #milliseconds: number[] = [];
  readonly #tally = { requests: 0, failures: 0, endedSessions: 0, logins: 0, askedAgain: 0 };
  readonly #reasons: string[] = [];
  #workers: Promise<void>[] = [];
  #stopping = false;

  constructor(parts: LoadParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#workers = [
      ...Array.from({ length: users }, (_, number) => this.#use(number)),
      this.#useOlder(),
    ];
    // What ends one early is told by `stop`, and is no unhandled rejection before.
    for (const worker of this.#workers) worker.catch(() => undefined);
  }

  async stop(): Promise<LoadTally> {
    this.#stopping = true;
    await Promise.all(this.#workers);
    const sorted = this.#milliseconds.sort((a, b) => a - b);
    return {
      ...this.#tally,
      reasons: this.#reasons,
      kids: this.#kids.size,
      p99: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN,
    };
  }

  /** @throws Error when it is refused */
  async login(): Promise<string> {
    const { id, password } = this.#parts.user;
    const call: Call = { method: 'POST', path: '/login', body: { user: id, password } };
    const token = await this.#asked(
      'current',
      call,
      200,
      ({ body }) => tokenOf(body) !== undefined,
    );
    const made = token && tokenOf(token.body);
    if (made === undefined) {
      throw new Error('a login was refused');
    }
    this.#tally.logins += 1;
    this.#tokens.push(made);
    if (this.#tokens.length > tokensKept) {
      this.#tokens.splice(tokensKept / 2, 1);
    }
    return made.text;
  }

  async #use(number: number): Promise<void> {
    const { patients, clock } = this.#parts;
    const sequence = new SeededSequence(100 + number);
    for (let round = 0; !this.#stopping; round += 1) {
      if (round % loginEvery === number) {
        await this.login().catch(() => undefined);
      }
      const patient = sequence.pick(patients as [Patient, ...Patient[]]);
      const body = fieldsOf(patient);
      const isRight = (found: unknown) => isSame(found, { id: String(patient.id), ...body });
      const path = `/patients/${patient.id}`;
      const steps: (() => Promise<unknown>)[] = [
        () => this.#authorised('current', { method: 'GET', path: '/me' }, 200),
        () => this.#authorised('current', { method: 'GET', path }, 200, isRight),
        () => this.#authorised('current', { method: 'GET', path: '/patients?limit=10' }, 200),
        () => this.#authorised('current', { method: 'PUT', path, body }, 200, isRight),
        () => this.#addAndRemove(body),
        () => this.#authorised('current', { method: 'GET', path: healthPath }, 200, isWell),
      ];
      await steps[round % steps.length]?.();
      await clock.sleep(pauseMilliseconds);
    }
  }

  /** Its role may read patients and nothing else; it knows the tokens of the other instance. */
  async #useOlder(): Promise<void> {
    const { patients, clock } = this.#parts;
    const sequence = new SeededSequence(99);
    while (!this.#stopping) {
      const patient = sequence.pick(patients as [Patient, ...Patient[]]);
      const expected = { id: String(patient.id), ...fieldsOf(patient) };
      const path = `/patients/${patient.id}`;
      await this.#authorised('older', { method: 'GET', path }, 200, (found) =>
        isSame(found, expected),
      );
      await clock.sleep(pauseMilliseconds);
    }
  }

  async #addAndRemove(body: object): Promise<void> {
    const added = await this.#authorised(
      'current',
      { method: 'POST', path: '/patients', body },
      201,
    );
    const id = (added?.body as { id?: string } | undefined)?.id;
    if (id !== undefined) {
      const path = `/patients/${id}`;
      await this.#authorised('current', { method: 'GET', path }, 200, (found) =>
        isSame(found, { id, ...body }),
      );
      await this.#authorised('current', { method: 'DELETE', path }, 204);
    }
  }

  /** With any token there is: the newest, the oldest, one between. */
  async #authorised(
    instance: keyof LoadParts['callers'],
    call: Call,
    status: number,
    isRight: (body: unknown) => boolean = () => true,
  ): Promise<Answer | undefined> {
    const token = await this.#token();
    if (token === undefined) {
      return undefined;
    }
    const answer = await this.#asked(
      instance,
      { ...call, token: token.text },
      status,
      ({ body }) => isRight(body),
      ({ status: found }) => found === 401 && this.#hasEnded(token),
    );
    if (answer !== undefined) {
      this.#kids.add(token.kid);
    }
    return answer;
  }

  async #token(): Promise<Token | undefined> {
    for (const token of this.#tokens.filter((held) => this.#hasEnded(held))) {
      this.#tokens.splice(this.#tokens.indexOf(token), 1);
      this.#tally.endedSessions += 1;
    }
    if (this.#tokens.length === 0) {
      await this.login().catch(() => undefined);
    }
    return this.#tokens[this.#tally.requests % Math.max(1, this.#tokens.length)];
  }

  #hasEnded = ({ ends }: Token): boolean =>
    this.#parts.now().getTime() >= ends - leewayMilliseconds;

  async #asked(
    instance: keyof LoadParts['callers'],
    call: Call,
    status: number,
    isRight: (answer: Answer) => boolean,
    isMeant: (answer: Answer) => boolean = () => false,
  ): Promise<Answer | undefined> {
    const asked = `${call.method} ${call.path.replace(/\d+/, ':id')}`;
    const begun = performance.now();
    this.#tally.requests += 1;
    try {
      const answer = await this.#answered(instance, call);
      this.#milliseconds.push(performance.now() - begun);
      if (answer.status === status && isRight(answer)) {
        return answer;
      }
      if (!isMeant(answer)) {
        const { error } = (answer.body ?? {}) as { error?: string };
        this.#failed(`${asked} was answered ${answer.status} ${error ?? 'with another content'}`);
      }
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      this.#failed(`${asked}: ${code ?? message}`);
    }
    return undefined;
  }

  async #answered(instance: keyof LoadParts['callers'], call: Call): Promise<Answer> {
    for (;;) {
      const before = this.#parts.now().getTime();
      const answer = await this.#parts.callers[instance].call(call);
      if (answer.status !== 503 || this.#parts.now().getTime() === before) {
        return answer;
      }
      this.#tally.askedAgain += 1;
    }
  }

  #failed(reason: string): void {
    this.#tally.failures += 1;
    if (this.#reasons.length < reasonsKept) {
      this.#reasons.push(reason);
    }
  }
}

const healthPath = '/api/credentials/health';
/** Between the sandbox's clock, which stands, and the application's, which flows on. */
const leewayMilliseconds = 120_000;

const fieldsOf = ({ name, ssn, phone, born }: Patient) => ({ name, ssn, phone, born });

const isSame = (found: unknown, expected: object) =>
  typeof found === 'object' &&
  found !== null &&
  Object.entries(expected).every(([name, value]) => Reflect.get(found, name) === value);

const isWell = (body: unknown) => (body as { status?: string }).status === 'ok';

function tokenOf(body: unknown): Token | undefined {
  const { token: text } = (body ?? {}) as { token?: string };
  const [header, payload] = text?.split('.') ?? [];
  if (text === undefined || header === undefined || payload === undefined) {
    return undefined;
  }
  const [{ kid }, { exp }] = [header, payload].map((part) =>
    JSON.parse(Buffer.from(part, 'base64url').toString('utf8')),
  ) as [{ kid: string }, { exp: number }];
  return { text, kid, ends: exp * 1000 };
}

/** Which key signed it: its header says so, and the application has verified it. */
export const kidOfToken = (text: string): string => tokenOf({ token: text })?.kid ?? '';
