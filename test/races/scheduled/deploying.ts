/**
 * A deployment while a rotation is under way: each step may meet the function of before or of after, each with a
 * module state of its own, and one that is retried may meet the other. The older one knows the members its records
 * were recorded with (test/previous-release), and loses the others whenever it writes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { broken } from '../invariants.ts';
import type { Place, Race } from '../race.ts';
import { ask, onePromotion } from './steps.ts';

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../previous-release/recorded/state.json'), 'utf8'),
) as { controlTable: { pk: { S: string }; record: { S: string } }[] };

/** Members of each kind of record, as the previous release wrote them. */
const members = new Map<string, Set<string>>();
for (const { pk, record } of recorded.controlTable) {
  const [kind = ''] = pk.S.split('#');
  const known = members.get(kind) ?? new Set();
  for (const name of Object.keys(JSON.parse(record.S))) known.add(name);
  members.set(kind, known);
}

/** A record as the function of before writes it: what it does not know is gone. */
export function asBefore(kind: string, record: string): string {
  const known = members.get(kind);
  if (known === undefined) return record;
  const found = Object.entries(JSON.parse(record)).filter(([name]) => known.has(name));
  return JSON.stringify(Object.fromEntries(found));
}

/** Which function a step meets, from the number that is drawn: four bits. */
const isBefore = (place: Place, step: string): boolean =>
  ((place.after >> steps.indexOf(step)) & 1) === 1;

const tokens = new WeakMap<Place['world'], string>();

export const deploymentDuringRotation: Race = {
  name: 'a deployment during a rotation',
  kinds: ['singleUser'],
  held: ['before', 'service', 'late'],
  calls: 60,
  participants(place) {
    const { world } = place;
    const token = world.nextToken();
    tokens.set(world, token);
    world.older.set('before', asBefore);
    world.older.set('late', asBefore);
    world.invoked = ({ Step }) => (isBefore(place, Step) ? 'before' : 'service');
    return [
      { name: 'caller', run: () => ask(place, 'caller', token) },
      {
        name: 'late',
        after: place.after,
        // An invocation that was on its way to the function of before when it was replaced.
        async run() {
          const met: string[] = [];
          for (const step of steps) {
            await world.step('late', step, token).then(
              () => met.push('done'),
              (error: { code?: string }) => met.push(String(error.code)),
            );
          }
          return met;
        },
      },
    ];
  },
  async judge(place) {
    const token = tokens.get(place.world) ?? '';
    onePromotion(place, token);
    const record = await place.world.control.getRotation('pharmacy/prod/secret', token);
    const missing = steps.filter((step) => record?.steps[step] === undefined);
    if (missing.length > 0) broken('record', `${missing.join(', ')} left no trace`);
    const met = new Set(steps.map((step) => isBefore(place, step)));
    return met.size === 2 ? 'both' : 'one';
  },
  ways: ['both', 'one'],
};
