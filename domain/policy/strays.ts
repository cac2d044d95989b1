/**
 * Secrets that carry this deployment's tags and are not in its manifest. Tags enrol nothing: whoever may tag could
 * otherwise have any secret rotated. They are told, so that nobody believes such a secret to be rotated.
 */

export interface TaggedSecret {
  readonly name: string;
  readonly deletedDate?: Date | undefined;
  readonly primaryRegion?: string | undefined;
}

export interface Stray {
  readonly name: string;
  /** `replica`: copies its primary's tags and rotates with it. `deleted`: on its way out. Neither needs a person. */
  readonly kind: 'stray' | 'replica' | 'deleted';
}

export function straysOf(
  tagged: readonly TaggedSecret[],
  known: ReadonlySet<string>,
  region: string,
): Stray[] {
  return tagged
    .filter(({ name }) => !known.has(name))
    .map(({ name, deletedDate, primaryRegion }) => ({
      name,
      kind:
        deletedDate !== undefined
          ? 'deleted'
          : primaryRegion !== undefined && primaryRegion !== region
            ? 'replica'
            : 'stray',
    }));
}

/** What a person reads of one. */
export const strayReason = ({ name, kind }: Stray): string =>
  ({
    stray: `${name} carries the tags of this deployment and is not in it: nothing rotates it. Put it into the configuration, or take the tags quarterturn:* off`,
    replica: `${name} is a replica and rotates with its primary`,
    deleted: `${name} is scheduled for deletion`,
  })[kind];
