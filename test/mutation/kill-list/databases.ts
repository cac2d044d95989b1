/** Logins: what reaches the server, whom it lets in, who is shut out. Each of these suites starts a PostgreSQL. */
import type { Kill } from './kill.ts';

const door = 'test/doors/postgres/node-postgres.test.ts';
const emergency = 'test/lambdas/database/emergency.test.ts';
const multiUser = { suite: 'test/lambdas/database/multi-user.test.ts' };
const value = 'test/lambdas/database/value.test.ts';
const preflight = 'test/lambdas/database/preflight.test.ts';
const strategy = 'lambdas/database/database-strategy.ts';

export const databaseKills: readonly Kill[] = [
  {
    name: 'no login probe decides whether a credential works',
    file: strategy,
    find: "      return (await probeLogin(this.#tools.door, endpoint, value)) === 'accepted';\n",
    replace: '      return endpoint.host !== value.password;\n',
    red: [multiUser],
  },
  {
    name: 'any failure of a login counts as 28P01',
    file: 'doors/postgres/login-probe.ts',
    find: 'if (error instanceof LoginRefusedError) {',
    replace: 'if (error instanceof Error) {',
    red: [{ suite: 'test/doors/postgres/login-probe.test.ts' }],
  },
  {
    name: 'the host of a value is not compared with the deployment',
    file: 'lambdas/database/value.ts',
    find: '(host) => host === HOST,',
    replace: "(host) => host !== '',",
    red: [{ suite: value }],
  },
  {
    name: 'a value may name any role',
    file: 'lambdas/database/value.ts',
    find: "typeof name === 'string' && roles.includes(name);",
    replace: "typeof name === 'string';",
    red: [{ suite: value }],
  },
  {
    name: 'rejectUnauthorized: false',
    file: 'doors/postgres/node-postgres.ts',
    find: 'rejectUnauthorized: true',
    replace: 'rejectUnauthorized: false',
    red: [{ suite: door, only: /another authority/ }],
  },
  {
    name: 'the certificate may name another host',
    file: 'doors/postgres/node-postgres.ts',
    find: '        checkServerIdentity(endpoint.host, certificate),\n',
    replace: '        void [checkServerIdentity, certificate],\n',
    red: [{ suite: door, only: /names another host/ }],
  },
  {
    name: 'no COMMIT',
    file: 'doors/postgres/node-postgres.ts',
    find: "        await query('commit');\n",
    replace: '',
    red: [multiUser],
  },
  {
    name: 'no ROLLBACK',
    file: 'doors/postgres/node-postgres.ts',
    find: "        await query('rollback').catch(() => undefined);\n",
    replace: '',
    red: [{ suite: 'test/doors/postgres/transactions.test.ts' }],
  },
  {
    name: 'a text that is no verifier is sent',
    file: 'doors/postgres/scram.ts',
    find: 'if (!verifierPattern.test(verifier)) {',
    replace: 'if (verifier === "") {',
    red: [
      { suite: 'test/doors/postgres/scram.test.ts', only: /is refused with|only when it is well/ },
    ],
  },
  {
    name: 'the password itself is sent, and its pattern is not asked',
    file: 'doors/postgres/scram.ts',
    find: '  assertVerifier(verifier);\n  return verifier;\n',
    replace: '  return password;\n',
    red: [multiUser],
  },
  {
    name: 'statements with a verifier are logged',
    file: 'doors/postgres/role-operations.ts',
    find: '    await quietStatements(session);\n',
    replace: '',
    red: [{ suite: 'test/doors/postgres/scram.test.ts', only: /leaves neither/ }],
  },
  {
    name: 'roles are changed without a lock',
    file: strategy,
    find: 'await withRoleLock(admin, role, async () => {',
    replace: 'await (async (_admin, _role, work) => work())(admin, role, async () => {',
    red: [{ suite: preflight, only: /waits for a rotation of the same role/ }],
  },
  {
    name: 'a rotation that was overtaken while it waited still sets the role',
    file: strategy,
    find: '      await rotation.assertNotSuperseded();\n',
    replace: '',
    red: [{ suite: emergency, only: /older rotation that waited/ }],
  },
  {
    name: 'superusers and the like are set',
    file: 'lambdas/database/rotatable-role.ts',
    find: 'if (refusal !== undefined) {',
    replace: 'if (refusal?.problem === "") {',
    red: [{ suite: preflight }],
  },
  {
    name: 'multiUser sets the role AWSCURRENT logs in with',
    file: 'lambdas/database/schemes/multi-user.ts',
    find: 'throw new RoleInUseError(pending.username);',
    replace: 'void new RoleInUseError(pending.username);',
    red: [multiUser],
  },
  {
    name: 'an emergency does not take LOGIN away',
    file: 'lambdas/database/shut-out.ts',
    find: '  const already = await revokeLogin(admin, role);\n',
    replace: '  const already = new Set<number>(revokeLogin.length > 9 ? [1] : []);\n',
    red: [{ suite: emergency, only: /cannot set a password after us/ }],
  },
  {
    name: 'an emergency ends no sessions',
    file: 'lambdas/database/shut-out.ts',
    find: '  return endSessions(admin, role, sleep, already);\n',
    replace:
      '  void [endSessions, sleep];\n  return { ended: already.size, preparedRolledBack: 0, preparedLeft: 0 };\n',
    red: [{ suite: emergency, only: /cannot set a password after us/ }],
  },
  {
    name: 'nobody looks again whether sessions are left',
    file: 'doors/postgres/role-operations.ts',
    find: 'if (clean === 2) {',
    replace: 'if (clean === 0) {',
    red: [{ suite: emergency, only: /cannot set a password after us|prepared transactions/ }],
  },
  {
    name: 'compromised credentials are set again',
    file: strategy,
    find: 'throw new CompromisedCredentialError(material);',
    replace: 'void new CompromisedCredentialError(material);',
    red: [multiUser],
  },
  {
    name: 'a value that no rotation made is set in the server',
    file: 'lambdas/database/restore-login.ts',
    find: 'if (!(await isManaged(restoring, currentId))) {',
    replace: 'if (!(await isManaged(restoring, currentId)) && currentId === "") {',
    red: [{ suite: emergency, only: /it sets no value that no rotation made/ }],
  },
];
