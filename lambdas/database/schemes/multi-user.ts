/**
 * Two login roles of one identity, set in turn: the role AWSCURRENT names is never touched, so it always
 * logs in (user guide, "Alternating users rotation strategy"). The first value of an adopted secret names
 * the identity itself; once no value does any more, it is closed.
 */
import { readRole } from '../../../doors/postgres/role-facts.ts';
import { discardVerifier, withRoleLock } from '../../../doors/postgres/role-operations.ts';
import { copySettings } from '../../../doors/postgres/role-settings.ts';
import { RoleInUseError } from '../errors.ts';
import { assertRotatable } from '../rotatable-role.ts';
import { expectRowSecurity, expectSessionRole, expectSettings } from '../session-checks.ts';
import type { Scheme, SetContext } from './scheme.ts';

export const multiUser: Scheme = {
  nextRole(current, { ROLES }) {
    const [first, second] = ROLES as [string, string];
    return current?.username === first ? second : first;
  },

  restoreProblem(value, { current, previous }, { IDENTITY }) {
    if (value.username === current?.username) {
      return `${value.username} is the role AWSCURRENT logs in with, and setting it would lock consumers out`;
    }
    // Later than that it is closed, and a person's old password does not open it again.
    if (value.username === IDENTITY && previous?.username !== IDENTITY) {
      return `${value.username} is the identity, which no longer logs in`;
    }
    return undefined;
  },

  assertSettable({ current, pending }) {
    if (current?.username === pending.username) {
      throw new RoleInUseError(pending.username);
    }
  },

  /** Settings changed by a session of the role survive every password: they are put right again. */
  async prepare({ admin, versions: { pending }, tools: { settings }, rotation }) {
    if (settings.IDENTITY === undefined || pending.username === settings.IDENTITY) {
      return;
    }
    const changed = await copySettings(admin, settings.IDENTITY, pending.username);
    if (changed > 0) {
      rotation.evidence({ fact: 'settingsRestored', detail: { role: pending.username, changed } });
    }
  },

  async complete(context) {
    await closeIdentity(context);
  },

  async verify(session, { username }, { settings }, rotation) {
    const identity = settings.IDENTITY as string;
    await expectSessionRole(session, username, identity);
    if (username === identity) {
      return;
    }
    await expectSettings(session, username, identity);
    rotation.evidence({ fact: 'runsAsIdentity', detail: { role: username, identity } });
    if (settings.VERIFY_TABLES !== undefined) {
      await expectRowSecurity(session, username, identity, settings.VERIFY_TABLES);
      rotation.evidence({
        fact: 'rowSecurityUnchanged',
        detail: { role: username, tables: settings.VERIFY_TABLES.length },
      });
    }
  },
};

/**
 * The identity loses LOGIN and verifier in the first rotation in which no value names it any more. Two
 * earlier values must exist: the first rotations of a new secret say nothing about who still uses it.
 */
async function closeIdentity({ tools, admin, versions, rotation }: SetContext): Promise<void> {
  const { current, pending, previous } = versions;
  const identity = tools.settings.IDENTITY as string;
  if (current === undefined || previous === undefined) {
    return;
  }
  if ([current, pending, previous].some(({ username }) => username === identity)) {
    return;
  }
  if (!(await readRole(admin, identity)).canLogin) {
    return;
  }
  await withRoleLock(admin, identity, async () => {
    await assertRotatable(admin, identity, tools.settings);
    await discardVerifier(admin, identity);
  });
  rotation.evidence({ fact: 'identityClosed', detail: { role: identity } });
}
