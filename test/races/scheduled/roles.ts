/** Two secrets that name one role. A synthesis refuses that; two deployments of one cluster find out at run time. */
import { broken, credentialIn } from '../invariants.ts';
import type { Place, Race } from '../race.ts';
import type { RaceWorld } from '../world.ts';
import { ask } from './steps.ts';

const neighbours = new WeakMap<RaceWorld, RaceWorld>();

export const twoSecretsOneRole: Race = {
  name: 'two secrets that name one role',
  kinds: ['singleUser'],
  held: ['service', 'neighbour'],
  calls: 60,
  within: 6,
  async prepare(place) {
    const neighbour = await place.another();
    neighbour.invoked = () => 'neighbour';
    neighbours.set(place.world, neighbour);
    place.watch.beside.push(neighbour);
  },
  participants(place) {
    const neighbour = theNeighbour(place);
    neighbour.schedule = place.schedule;
    return [
      { name: 'caller', run: () => ask(place, 'caller', place.world.nextToken()) },
      {
        name: 'other caller',
        after: place.after,
        async run() {
          await ask({ ...place, world: neighbour }, 'other caller', neighbour.nextToken());
          await neighbour.settle();
        },
      },
    ];
  },
  async judge(place) {
    const neighbour = theNeighbour(place);
    const worlds = [place.world, neighbour];
    const codes = worlds.flatMap(({ log }) => log.map(({ code }) => code));
    for (const code of ['ERR_ROTATION_POSTGRES', 'ERR_ROTATION_CREDENTIAL_NOT_ACCEPTED']) {
      if (codes.includes(code)) broken('lock', `${code}: two of them changed the role at once`);
    }
    const texts = await Promise.all(
      worlds.map(async (world) => world.valueOf((await world.labels()).AWSCURRENT ?? '')),
    );
    const works = texts.map((text) =>
      credentialIn(text).some((one) => place.room.cluster?.accepts(one)),
    );
    neighbour.stop();
    if (works[0] === works[1]) broken('winner', `${works.filter(Boolean).length} of them log in`);
    return works[0] ? 'the secret' : 'its neighbour';
  },
  ways: ['the secret', 'its neighbour'],
};

function theNeighbour({ world }: Place): RaceWorld {
  return neighbours.get(world) ?? broken('prepared', 'there is no neighbour');
}
