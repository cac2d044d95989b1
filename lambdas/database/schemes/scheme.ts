/** What single user and alternating users (AWS: "rotation strategy") do differently. */
import type { Session } from '../../../doors/postgres/door.ts';
import type { Rotation, Versions } from '../../rotation/strategy.ts';
import type { DatabaseTools } from '../admin.ts';
import type { DatabaseSettings } from '../settings.ts';
import type { DatabaseValue } from '../value.ts';

export interface SetContext {
  tools: DatabaseTools;
  /** In the maintenance database. */
  admin: Session;
  versions: Versions<DatabaseValue> & { pending: DatabaseValue };
  rotation: Rotation<DatabaseValue>;
}

export interface Scheme {
  /** The role whose credential the next value holds. */
  nextRole(current: DatabaseValue | undefined, settings: DatabaseSettings): string;
  /** Why `value` cannot be restored now, or undefined. */
  restoreProblem(
    value: DatabaseValue,
    versions: Versions<DatabaseValue>,
    settings: DatabaseSettings,
  ): string | undefined;
  /** @throws RoleInUseError before anything is changed */
  assertSettable(versions: SetContext['versions']): void;
  /** Under the role's lock, before it gets its verifier. */
  prepare(context: SetContext): Promise<void>;
  /** After the pending credential was accepted. */
  complete(context: SetContext): Promise<void>;
  /** In a session of `value`. @throws DatabaseTestFailedError */
  verify(
    session: Session,
    value: DatabaseValue,
    tools: DatabaseTools,
    rotation: Rotation<DatabaseValue>,
  ): Promise<void>;
}
