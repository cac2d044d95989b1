/** When a rotation is due, who is told, and who may do what. */
import type { Kill } from './kill.ts';

const due = { suite: 'test/domain/policy/due.test.ts' };
const plan = { suite: 'test/domain/policy/plan.test.ts' };
const openings = { suite: 'test/domain/policy/openings.test.ts' };
const gitHub = { suite: 'test/lambdas/github/receive.test.ts' };

export const cadenceAndAccessKills: readonly Kill[] = [
  {
    name: 'overdue one millisecond late',
    file: 'domain/policy/due.ts',
    find: 'const overdue = !(now < limit.getTime());',
    replace: 'const overdue = !(now <= limit.getTime());',
    red: [due],
  },
  {
    name: 'due one millisecond late',
    file: 'domain/policy/due.ts',
    find: 'const due = !(now < rotateAt.getTime());',
    replace: 'const due = !(now <= rotateAt.getTime());',
    red: [due],
  },
  {
    name: 'an age that cannot be read is never due',
    file: 'domain/policy/due.ts',
    find: '    unreadableAge(age) ??\n',
    replace: '',
    red: [due],
  },
  {
    name: 'a date in the future is taken',
    file: 'domain/policy/labels.ts',
    find: 'if (!(at.getTime() <= now.getTime() + clockSkew)) {',
    replace: 'if (Number.isNaN(at.getTime() - now.getTime() - clockSkew)) {',
    red: [{ suite: 'test/domain/policy/labels.test.ts' }],
  },
  {
    name: 'a hold is ignored',
    file: 'domain/policy/due.ts',
    find: 'if (facts.hold !== undefined && ',
    replace: 'if (facts.hold?.reason === "" && ',
    red: [due],
  },
  {
    name: 'a freeze is ignored',
    file: 'domain/policy/freeze.ts',
    find: '!(at < Date.parse(from)) && !(at >= Date.parse(until))',
    replace: 'at < Date.parse(from) && at >= Date.parse(until)',
    red: [openings],
  },
  {
    name: 'nobody is given notice',
    file: 'domain/policy/plan.ts',
    find: 'Math.floor((now.getTime() + noticeMilliseconds) / minute) * minute;',
    replace: 'Math.floor((now.getTime() + 0 * noticeMilliseconds) / minute) * minute;',
    red: [plan],
  },
  {
    name: 'two secrets in one hour',
    file: 'domain/policy/plan.ts',
    find: 'if (near === undefined) return new Date(opening);',
    replace: 'if (near !== 0) return new Date(opening);',
    red: [plan],
  },
  {
    name: 'Secrets Manager of any account may call the function (SourceAccount)',
    file: 'lib/rotating-secret.ts',
    find: '      sourceAccount: Aws.ACCOUNT_ID,\n',
    replace: '',
    red: [{ suite: 'test/lib/permissions-threats.test.ts', only: /another account/ }],
  },
  {
    name: 'an emergency is started without MFA',
    file: 'lib/emergency-people.ts',
    find: "{ Bool: { 'aws:MultiFactorAuthPresent': 'true' } }",
    replace: '{}',
    red: [{ suite: 'test/lib/permissions.test.ts', only: /without MFA/ }],
  },
  {
    name: 'a delivery of GitHub needs no signature that fits',
    file: 'lambdas/github/signature.ts',
    find: "return timingSafeEqual(Buffer.from(hex, 'hex'), expected);",
    replace: 'return timingSafeEqual(expected, expected);',
    red: [gitHub],
  },
  {
    name: 'an emergency denies its own roles',
    file: 'lambdas/emergency/tasks/begin.ts',
    find: 'if (own.length > 0) throw new RefusedSuspectsError',
    replace: 'if (own.length > 99) throw new RefusedSuspectsError',
    red: [{ suite: 'test/lambdas/emergency/machine.test.ts' }],
  },
];
