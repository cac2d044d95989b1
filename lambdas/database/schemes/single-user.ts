/**
 * One role, a new password for it. Between setSecret and finishSecret AWSCURRENT is refused: clients have
 * to retry with a fresh read of the secret (user guide, "Single user rotation strategy").
 */
import { probeLogin } from '../../../doors/postgres/login-probe.ts';
import { expectSessionRole } from '../session-checks.ts';
import { applicationEndpoint } from '../settings.ts';
import type { Scheme } from './scheme.ts';

export const singleUser: Scheme = {
  nextRole(_current, { ROLES }) {
    return ROLES[0] as string;
  },
  restoreProblem() {
    return undefined;
  },
  assertSettable() {
    // The role in use is the only one there is.
  },
  async prepare() {
    // The role's attributes, memberships and settings are nobody's business but its owner's.
  },
  /**
   * The old password is dead when the new one was accepted (the positive control, just before) and the
   * old one is refused in the same minute. One attempt: more could ban the role (credcheck).
   */
  async complete({ tools, versions: { current, pending }, rotation }) {
    if (current === undefined || current.password === pending.password) {
      return;
    }
    const endpoint = applicationEndpoint(tools.settings, tools.ca);
    const detail = { role: current.username, host: endpoint.host };
    try {
      const answer = await probeLogin(tools.door, endpoint, current);
      rotation.evidence(
        answer === 'refused'
          ? { fact: 'oldCredentialRefused', detail }
          : { fact: 'oldCredentialNotProvenDead', detail: { ...detail, reason: 'accepted' } },
      );
    } catch (error) {
      const reason = error instanceof Error ? error.name : 'unknown';
      rotation.evidence({ fact: 'oldCredentialNotProvenDead', detail: { ...detail, reason } });
    }
  },
  async verify(session, value) {
    await expectSessionRole(session, value.username, value.username);
  },
};
