/** Races over the steps of one rotation: twice at once, out of order, and under two tokens. */
import { broken } from '../invariants.ts';
import type { Place, Race } from '../race.ts';
import type { Outcome } from '../schedule.ts';
import { secretName } from '../world.ts';

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
/** Tokens of a race are the first two that are free. */
interface Begun {
  token: string;
}

/** Asks for a planned rotation: what follows is the service's. */
export async function ask({ world }: Place, by: string, token: string): Promise<string> {
  const doors = world.doorsOf(by);
  await doors.controlTable.putIntent(secretName, world.intent('planned', token));
  return doors.secretsManager.rotate({ secretId: world.secretArn, clientRequestToken: token });
}

/** Whoever did this first. */
export function firstTo(place: Place, site: string): string {
  return place.schedule.calls.find((call) => call.site.startsWith(site))?.name ?? 'nobody';
}

const begun = new WeakMap<Place['world'], Begun>();
function tokenOf({ world }: Place): string {
  const known = begun.get(world) ?? { token: world.nextToken() };
  begun.set(world, known);
  return known.token;
}

/** One promotion, to this token, and at most one change of a role after it. */
export function onePromotion({ watch }: Place, expected: string): void {
  const [first, ...more] = watch.promotions;
  if (first === undefined || more.length > 0)
    broken('winner', `${watch.promotions.length} promotions`);
  if (first?.to !== expected) broken('winner', `${first?.to} was promoted, expected ${expected}`);
  const alters = watch.altersSincePromotion();
  if (alters > 1) broken('winner', `${alters} changes of roles after the promotion`);
}

const codeOf = (outcome: Outcome | undefined): string =>
  outcome?.status === 'rejected' ? String((outcome.reason as { code?: unknown }).code) : 'done';
export const messageOf = (outcome: Outcome | undefined): string =>
  outcome?.status === 'rejected' ? String((outcome.reason as Error).stack) : 'done';

/** A step may be delivered twice, and Secrets Manager repeats them: the second run meets the first one half done. */
export const sameStepTwice: Race = {
  name: 'the same step twice in parallel',
  kinds: ['jwt', 'singleUser'],
  held: ['service', 'twin'],
  calls: 60,
  within: 12,
  participants: (place) => [
    { name: 'caller', run: () => ask(place, 'caller', tokenOf(place)) },
    {
      name: 'twin',
      after: place.after,
      async run() {
        for (const step of steps) {
          await place.world.step('twin', step, tokenOf(place)).catch(() => undefined);
        }
      },
    },
  ],
  judge(place) {
    onePromotion(place, tokenOf(place));
    const calls = wonBy(place);
    return calls;
  },
  ways: ['service', 'twin'],
};

/** Who stored the value that stands. */
function wonBy(place: Place): string {
  return firstTo(place, 'PutSecretValue');
}

export const nextStepEarly: Race = {
  name: 'step n+1 before step n answers',
  // Of a jwt secret nothing outside answers for a step that was left out.
  kinds: ['jwt', 'singleUser'],
  held: ['service', 'early setSecret', 'early testSecret', 'early finishSecret'],
  calls: 60,
  participants: (place) => [
    { name: 'caller', run: () => ask(place, 'caller', tokenOf(place)) },
    ...steps.slice(1).map((step) => ({
      name: `early ${step}`,
      after: place.after,
      run: () => place.world.step(`early ${step}`, step, tokenOf(place)),
    })),
  ],
  judge(place, outcomes) {
    onePromotion(place, tokenOf(place));
    const codes = steps.slice(1).map((step) => codeOf(outcomes.get(`early ${step}`)));
    const unknown = codes.filter((code) => !code.startsWith('ERR_ROTATION_') && code !== 'done');
    if (unknown.length > 0) broken('refusal', unknown.join(', '));
    return codes.includes('ERR_ROTATION_STEP_OUT_OF_ORDER') ? 'refused' : 'in order';
  },
  ways: ['refused', 'in order'],
};

/** RotateSecret of two tokens, and a function of each that runs whatever the service says. */
export const twoTokens: Race = {
  name: 'two tokens at once',
  kinds: ['singleUser'],
  held: ['service', 'one', 'other'],
  calls: 60,
  participants: (place) =>
    ['one', 'other'].map((name, index) => ({
      name,
      after: index * place.after,
      async run() {
        const token = place.world.nextToken();
        const answer = await ask(place, name, token);
        for (const step of steps) await place.world.step(name, step, token).catch(() => undefined);
        return { token, answer };
      },
    })),
  async judge(place, outcomes) {
    const answers = ['one', 'other'].map((name) => {
      const outcome = outcomes.get(name);
      if (outcome?.status !== 'fulfilled')
        return broken('refusal', `${name}: ${messageOf(outcome)}`);
      return { name, ...(outcome.value as { token: string; answer: string }) };
    });
    const first = answers.find(({ name }) => name === firstTo(place, 'RotateSecret'));
    if (first?.answer !== 'started') broken('refusal', `${first?.name} came first and was refused`);
    // The second may come when the first one is over; then its own preflight refuses it.
    onePromotion(place, first?.token ?? '');
    return first?.name ?? 'nobody';
  },
  ways: ['one', 'other'],
};
