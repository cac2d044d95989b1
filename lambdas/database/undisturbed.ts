/**
 * The lock every change of the role takes, so that setSecret, which may be on its way, has either set the credential
 * that is asked about or finds out that its rotation is over.
 */
import { withRoleLock } from '../../doors/postgres/role-operations.ts';
import type { JsonCompanionName } from '../rotation/strategy.ts';
import { type DatabaseTools, withAdmin } from './admin.ts';
import type { DatabaseValue } from './value.ts';

/** Where the admin itself cannot log in no setSecret can, either, and `work` runs without the lock. */
export async function undisturbed<T>(
  tools: DatabaseTools,
  { username }: DatabaseValue,
  companion: (name: JsonCompanionName) => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  let began = false;
  try {
    return await withAdmin(
      tools,
      () => companion('admin'),
      (admin) =>
        withRoleLock(admin, username, () => {
          began = true;
          return work();
        }),
    );
  } catch (error) {
    if (began) {
      throw error;
    }
    return work();
  }
}
