/** One look at one consumer: every probe of its checklist side by side, the credentials first. Nothing is tried again. */

import { readAs } from '../../domain/events/read-as.ts';
import { type HealthAnswer, healthQuestionSchema } from '../../domain/events/rollout.ts';
import type { Clock } from '../../doors/clock.ts';
import type { HttpLookDoor } from '../../doors/http-look.ts';
import type { Log } from '../../doors/log.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import { inParallel } from '../rotation/in-parallel.ts';
import { authorization } from './bearer.ts';
import { type CredentialsFound, lookAtCredentials } from './credentials-look.ts';
import type { AskedConsumer } from './environment.ts';
import { InvalidHealthQuestionError, UnknownConsumerError } from './errors.ts';
import { lookAtProbe } from './probe-look.ts';
import type { Asking, Found, Look } from './requests.ts';

export interface HealthTools {
  consumers: readonly AskedConsumer[];
  environment: string;
  network: string | undefined;
  secretsManager: Pick<SecretsManagerDoor, 'getCurrentValue'>;
  /** Each consumer has authorities and allowed addresses of its own. */
  doorOf(consumer: AskedConsumer): HttpLookDoor;
  clock: Pick<Clock, 'now'>;
  log: Log;
}

/** Of one request. */
const timeoutMilliseconds = 5_000;
/** Of all of them together: three rounds of seven, and time to read the bearer, end before the function does. */
const deadlineMilliseconds = 20_000;
const sideBySide = 7;

/** @throws InvalidHealthQuestionError, UnknownConsumerError, BearerUnavailableError, AwsCallError */
export async function look(tools: HealthTools, event: unknown): Promise<HealthAnswer> {
  const question = readAs(healthQuestionSchema, event);
  if (!question.success) {
    throw new InvalidHealthQuestionError(question.error.issues[0]?.path.join('.') || 'its root');
  }
  const { consumer: name, expected } = question.data;
  const consumer = tools.consumers.find((one) => one.name === name);
  if (consumer === undefined) {
    throw new UnknownConsumerError(tools.consumers.map((one) => one.name));
  }
  const headers = await authorization(tools.secretsManager, consumer.bearer);
  const { environment, network, clock } = tools;
  const asking = { door: tools.doorOf(consumer), consumer, environment, network, headers };
  const end = clock.now().getTime() + deadlineMilliseconds;

  let credentials: CredentialsFound | undefined;
  const asked: { name: string; run: (asking: Asking) => Promise<Found> }[] = [
    ...(consumer.credentials === undefined ? [] : [consumer.credentials]).map((url) => ({
      name: 'credentials',
      run: async (within: Asking) => {
        credentials = await lookAtCredentials(within, url, expected);
        return credentials;
      },
    })),
    ...consumer.probes.map((probe) => ({
      name: probe.name,
      run: (within: Asking) => lookAtProbe(within, probe),
    })),
  ];
  const looks = await inParallel(asked, sideBySide, async ({ name, run }): Promise<Look> => {
    const begun = clock.now().getTime();
    const left = Math.min(timeoutMilliseconds, end - begun);
    const { ok, found } =
      left > 0
        ? await run({ ...asking, timeoutMilliseconds: left })
        : { ok: false, found: 'not asked: the time for all probes was over' };
    return {
      name,
      ok,
      found: found.slice(0, 256),
      milliseconds: Math.max(0, clock.now().getTime() - begun),
    };
  });

  const answer = answerOf(looks, credentials);
  tools.log.info('looked', {
    consumer: name,
    secret: expected.secretName,
    healthy: answer.healthy,
    proof: answer.proof,
    failed: looks.filter(({ ok }) => !ok).map((one) => one.name),
  });
  return answer;
}

function answerOf(looks: Look[], credentials: CredentialsFound | undefined): HealthAnswer {
  const healthy = looks.every(({ ok }) => ok);
  const probesWork = looks.slice(credentials === undefined ? 0 : 1).every(({ ok }) => ok);
  const someoneAnswered = looks.some(({ ok }) => ok);
  return {
    healthy,
    proof:
      credentials !== undefined && credentials.proof !== 'none'
        ? credentials.proof
        : someoneAnswered
          ? 'answered'
          : 'none',
    looks,
    // Where its check of this secret fails, probes that need it fail with it; where it works, they are something else.
    onlyThisSecret:
      !healthy &&
      credentials?.thisSecret !== undefined &&
      (!credentials.thisSecret.works || probesWork),
  };
}
