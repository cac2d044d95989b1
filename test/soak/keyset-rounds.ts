/**
 * The rotations of one keyset, each with its two promotions (a key is published, then activated), and looks at the
 * readers beside and between them:
 *
 * ```
 *  cut off: read, then nothing │ promotion │ those that start now │ moments that are drawn │ cut off: last use │
 *  ├── under way ──────────────┤           ├── at once            ├── meanwhile            ├── at the bound    │
 *                              └────────────────────── readerCache ────────────────────────────────────────────┘
 * ```
 * The second promotion comes `readerCache` after the first, as AfterRotation waits: no sooner, and no later.
 */
import type { RotationWorld } from '../in-process/rotation-world.ts';
import { drawn } from './form.ts';
import type { Reading } from './keyset-instance.ts';
import { later, readerCache } from './reader.ts';

export type Phase = 'published' | 'activated';
export type When = 'under way' | 'at once' | 'meanwhile' | 'at the bound' | 'afterwards';

export interface Moment {
  readonly phase: Phase;
  readonly when: When;
  /** AWSCURRENT. */
  readonly versionId: string;
}

export type Look = (moment: Moment) => Promise<void>;

const drawnMoments = 3;

export async function keysetRounds(
  world: RotationWorld<unknown>,
  rotations: number,
  instances: readonly Reading[],
  look: Look,
): Promise<void> {
  const those = (learns: Reading['learns']) =>
    Promise.all(instances.filter((one) => one.learns === learns).map((one) => one.restart()));
  const now = () => world.clock.now().getTime();
  const advanceTo = (at: number) => later(world, Math.max(0, at - now()));

  for (let rotation = 0; rotation < rotations; rotation += 1) {
    for (const phase of ['published', 'activated'] as const) {
      await those('cut off');
      const lastRead = now();
      const versionId = await promoted(world, phase, look);
      const promotion = now();
      await those('starts now');
      await look({ phase, when: 'at once', versionId });
      const restart = Math.floor(drawn.draw() * drawnMoments);
      for (let at = 0; at < drawnMoments; at += 1) {
        const left = lastRead + readerCache - 1 - now();
        await later(world, Math.floor((left / (drawnMoments - at)) * drawn.draw()));
        if (at === restart) await those('by restart');
        await look({ phase, when: 'meanwhile', versionId });
      }
      await advanceTo(lastRead + readerCache - 1);
      await look({ phase, when: 'at the bound', versionId });
      await advanceTo(promotion + readerCache);
      await those('cut off');
      await look({ phase, when: 'afterwards', versionId });
    }
  }
}

/** @throws Error when AWSCURRENT is not the new version then */
async function promoted(world: RotationWorld<unknown>, phase: Phase, look: Look): Promise<string> {
  const before = (await world.labels()).AWSCURRENT ?? '';
  let isOver = false;
  const rotating = (phase === 'published' ? world.rotate() : world.activate()).finally(() => {
    isOver = true;
  });
  rotating.catch(() => undefined);
  // Not longer than the rotation: what is looked at is counted, and should not depend on the machine much.
  for (let looks = 0; looks < 2 && !isOver; looks += 1) {
    await look({ phase, when: 'under way', versionId: before });
  }
  const token = await rotating;
  if ((await world.labels()).AWSCURRENT !== token) {
    throw new Error(`The rotation did not end: ${JSON.stringify(world.log.at(-1))}`);
  }
  await world.finishAfterRotation();
  return token;
}

/** Which versions two readers held when one read what the other wrote; each of them has to occur. */
export class Orders {
  readonly #seen = new Set<string>();

  static readonly all: readonly string[] = (['published', 'activated'] as const).flatMap((phase) =>
    (['at once', 'at the bound'] as const).flatMap((when) =>
      ['old', 'new'].flatMap((writer) =>
        ['old', 'new'].map((reader) => `${phase}, ${when}: writer ${writer}, reader ${reader}`),
      ),
    ),
  );

  saw(moment: Moment, writer: Reading, reader: Reading): void {
    const held = (one: Reading) => (one.versionId() === moment.versionId ? 'new' : 'old');
    this.#seen.add(
      `${moment.phase}, ${moment.when}: writer ${held(writer)}, reader ${held(reader)}`,
    );
  }

  missing(): readonly string[] {
    return Orders.all.filter((order) => !this.#seen.has(order));
  }
}
