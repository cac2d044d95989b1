/**
 * The pharmacy's own application, as examples/pharmacy-api has it: two instances, each a process with the consumer's
 * own rights. One logs in to the database with two roles that alternate, the older one with a single role.
 */
import { join } from 'node:path';
import { systemClock } from '../doors/clock.ts';
import type { Endpoint, Session } from '../doors/postgres/door.ts';
import { localRandom } from '../doors/random.ts';
import { Passwords } from '../examples/pharmacy-api/passwords.ts';
import type { Credentials, Sandbox } from '../sandbox/start.ts';
import { ApplicationLoad, type LoadTally } from './application-load.ts';
import { ChildApplication } from './child-application.ts';
import type { DataSet, Patient } from './data/data-set.ts';
import { HttpCaller } from './http-caller.ts';
import { present, prove } from './proof.ts';
import type { Consumers } from './rollout/consumers.ts';
import type { ValueGuard } from './terminal/value-guard.ts';

export interface PharmacyParts {
  sandbox: Pick<Sandbox, 'url' | 'region' | 'clock'>;
  /** Of the consumer `api`. */
  credentials: Credentials;
  endpoint: Endpoint;
  /** A file with the authority of the database's certificate. */
  caFile: string;
  nameOf(key: string): string;
  data: DataSet;
  guard: ValueGuard;
  asSuperuser<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** What stands before its instances, and the name of the secret that shows who may see their health in detail. */
  rollout?: { consumers: Pick<Consumers, 'api' | 'start'>; healthToken: string };
}

/** What `localConfig` makes of the readers' caches. */
const readerCacheSeconds = 5;
/** `longestToken` of the jwt secret. */
const tokenSeconds = 30 * 86_400;
/** The least the example accepts: the users are nobody, and a demo has a time to keep. */
const passwordCost = 14;

const userId = 'usr-0042';

export class Pharmacy {
  readonly #parts: PharmacyParts;
  #instances: ChildApplication[] = [];
  #callers: HttpCaller[] = [];
  #load: ApplicationLoad | undefined;

  constructor(parts: PharmacyParts) {
    this.#parts = parts;
  }

  /** Adds its user, starts both instances, and load on both of them. */
  async open(): Promise<void> {
    const { sandbox, guard } = this.#parts;
    const children = [this.#instance('db'), this.#instance('legacyDb')];
    this.#instances = children;
    sandbox.clock.onMove(async (now) => {
      await Promise.all(children.map((child) => child.follow(now)));
    });
    const [urls, user] = await Promise.all([
      Promise.all(children.map((child) => child.listening())),
      this.#addUser(),
    ]);
    guard.watch(user.password);
    this.#parts.rollout?.consumers.api.point(urls[0]);
    await this.#parts.rollout?.consumers.start();
    const [current, older] = urls.map((url) => new HttpCaller(url)) as [HttpCaller, HttpCaller];
    this.#callers = [current, older];
    this.#load = new ApplicationLoad({
      callers: { current, older },
      user,
      patients: this.#patients(),
      clock: systemClock,
      now: () => sandbox.clock.now(),
    });
    await this.#load.login();
    this.#load.start();
  }

  /** A session of a user: a token of 30 days. */
  async login(): Promise<string> {
    const token = await this.#running().login();
    this.#parts.guard.watch(token);
    return token;
  }

  /** By both instances, as the user it was made for? */
  async accepts(token: string): Promise<boolean> {
    const answers = await Promise.all(
      this.#callers.map((caller) => caller.call({ method: 'GET', path: '/me', token })),
    );
    return answers.every(
      ({ status, body }) => status === 200 && (body as { id?: string }).id === userId,
    );
  }

  /** Do both instances say that it is no token of theirs? */
  async refuses(token: string): Promise<boolean> {
    const answers = await Promise.all(
      this.#callers.map((caller) => caller.call({ method: 'GET', path: '/me', token })),
    );
    return answers.every(({ status }) => status === 401);
  }

  /** The name of the first patient of the user's workspace: it is opened for this. */
  async readsAPatient(token: string): Promise<string> {
    const patient = present(this.#patients()[0], 'a patient');
    const [current] = this.#callers;
    const { status, body } = await present(current, 'the application runs').call({
      method: 'GET',
      path: `/patients/${patient.id}`,
      token,
    });
    prove(status === 200, `a patient can be read, not ${status}`);
    return (body as { name: string }).name;
  }

  /** Ends the load. */
  rest(): Promise<LoadTally> {
    return this.#running().stop();
  }

  /** Ends both instances with SIGTERM. @returns their exit codes */
  async end(): Promise<(number | string)[]> {
    const exits = await Promise.all(this.#instances.map((child) => child.end()));
    for (const caller of this.#callers) caller.close();
    return exits;
  }

  /** Lines it wrote; through the guard, which counts what must not be in them. */
  linesWritten(): number {
    const written = this.#instances.map((child) => this.#parts.guard.mask(child.written));
    return written.join('').split('\n').length - 1;
  }

  /** Which kinds of errors it logged: names and codes. */
  errorsLogged(): string[] {
    const kinds = this.#instances.flatMap((child) =>
      [...child.written.matchAll(/"level":[56]0,.*?"kind":"(\w+)"(?:,"code":"(\w+)")?/g)].map(
        ([, kind, code]) => `${kind} ${code ?? ''}`.trim(),
      ),
    );
    return [...new Set(kinds)];
  }

  /** At once, whatever the load is at: its users would go on asking, and keep this process from its end. */
  async kill(): Promise<void> {
    await Promise.all(this.#instances.map((child) => child.kill()));
    await this.#load?.stop();
    for (const caller of this.#callers) caller.close();
  }

  /** Of the user's workspace. */
  #patients(): readonly Patient[] {
    const { data } = this.#parts;
    const workspace = present(data.workspaces[0], 'a workspace').id;
    return data.patients.filter(({ workspaceId }) => workspaceId === workspace);
  }

  #running(): ApplicationLoad {
    return present(this.#load, 'the application runs');
  }

  #instance(databaseSecret: 'db' | 'legacyDb'): ChildApplication {
    const { sandbox, credentials, endpoint, caFile, nameOf, rollout } = this.#parts;
    const environment = {
      PATH: process.env.PATH ?? '',
      ...(process.env.TMPDIR && { TMPDIR: process.env.TMPDIR }),
      // No profile of this machine's user is read: the SDK's own order ends with these.
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_REGION: sandbox.region,
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      JWT_SECRET_ID: nameOf('jwt'),
      ENCRYPTION_SECRET_ID: nameOf('pii'),
      DATABASE_SECRET_ID: nameOf(databaseSecret),
      DATABASE_HOST: endpoint.host,
      DATABASE_PORT: String(endpoint.port),
      DATABASE_NAME: endpoint.dbname,
      DATABASE_CA_FILE: caFile,
      // So short that it logs in anew throughout every rotation.
      DATABASE_CONNECTION_SECONDS: '1',
      READER_CACHE_SECONDS: String(readerCacheSeconds),
      TOKEN_SECONDS: String(tokenSeconds),
      PASSWORD_COST: String(passwordCost),
      PORT: '0',
      ...(rollout && { HEALTH_SECRET_ID: rollout.healthToken }),
    };
    return new ChildApplication(environment, sandbox.clock.now());
  }

  /** As a person of the pharmacy would, who may: the application itself adds no users. */
  async #addUser(): Promise<{ id: string; password: string; workspaceId: string }> {
    const { data, asSuperuser } = this.#parts;
    const workspaceId = present(data.workspaces[0], 'a workspace').id;
    const password = (await localRandom.bytes(18)).toString('base64url');
    const hash = await new Passwords(passwordCost).hash(password);
    const added = await asSuperuser((session) =>
      session.query<{ id: string }>(
        `INSERT INTO public.users (id, workspace_id, role, password_hash)
         VALUES ($1, $2, 'operator', $3) RETURNING id`,
        [userId, workspaceId, hash],
      ),
    );
    prove(added.length === 1, 'the user was added');
    return { id: userId, password, workspaceId };
  }
}

/** Where the synthesis of the stack leaves it. */
export const caFileOf = (directory: string): string => join(directory, 'deployment', 'ca.pem');
