/**
 * Where a consumer runs, as far as a rollout needs to know. Everything may be called again with the same arguments,
 * after a crash or a lost answer: what the platform shows decides, never what was remembered of a call.
 */
import type { RestartConfig } from '../../domain/config/consumer-schema.ts';
import type { CountsRecord } from '../../domain/events/rollout.ts';

export type Target<By extends RestartConfig['by'] = RestartConfig['by']> = Extract<
  RestartConfig,
  { by: By }
>;

/** Which restart this is. */
export interface Restart {
  readonly consumer: string;
  /** When it was decided on, kept before the first call: what began since counts as this restart. */
  readonly at: Date;
  /** Names it the same way every time: `<version>/<round>/<consumer>`. */
  readonly id: string;
  /** For the record of what is told to others. */
  readonly secretName: string;
  readonly versionId: string;
  readonly round: string;
}

export interface Looked {
  readonly state: 'steady' | 'inProgress' | 'failed';
  /** For people: what was found. */
  readonly detail: string;
}

/** What a consumer runs with; kept while it is stopped. */
export type Counts = Pick<CountsRecord, 'desired' | 'autoscaling'>;

export interface ConsumerPlatform<On extends Target = Target> {
  /**
   * Replaces every instance, or does what has to come before that.
   * @returns how the platform calls the restart; or what is still waited for, then it is called again
   */
  restart(target: On, restart: Restart): Promise<{ id: string } | { waiting: string }>;
  /** @param id of the restart */
  look(target: On, id: string, restart: Restart): Promise<Looked>;
  /** Absent: there is nothing to stop. */
  readonly counts?: CountedPlatform<On>;
}

export interface CountedPlatform<On extends Target = Target> {
  /** What it runs with now. */
  read(target: On): Promise<Counts>;
  /** Nothing starts it by itself from then on. Steady: nothing of it runs. */
  stop(target: On): Promise<Looked>;
  /** Steady: it runs with these counts. */
  start(target: On, counts: Counts): Promise<Looked>;
}

export type Platforms = { readonly [By in RestartConfig['by']]: ConsumerPlatform<Target<By>> };

/** The platform of a target, typed as one for any: its methods are handed that target alone. */
export const platformOf = (platforms: Platforms, { by }: RestartConfig): ConsumerPlatform =>
  platforms[by] as unknown as ConsumerPlatform;
