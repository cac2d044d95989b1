/** The threat model: what is at stake, from whom, by which way, what stands in it, and the test of that. */
import { by, type Threat } from './claim.ts';

export const threats: readonly Threat[] = [
  {
    asset: 'Database password',
    attacker: 'reader of server logs or pg_stat_statements',
    path: 'ALTER ROLE in plaintext',
    mitigation: 'the server gets a SCRAM verifier that is computed here',
    tests: [
      by(
        'lambdas/database/preflight.test.ts',
        'leaves no password in the log, in the statistics or in the evidence',
      ),
      by(
        'doors/postgres/scram.test.ts',
        'leaves neither the password nor, where the role may switch logging off, itself in log and statistics',
      ),
    ],
  },
  {
    asset: 'Database password',
    attacker: 'network',
    path: 'TLS is stripped, or a certificate is not checked',
    mitigation: 'verify-full with named authorities, no fallback',
    tests: [
      by(
        'doors/postgres/node-postgres.test.ts',
        'does not fall back to plaintext on a server without TLS',
      ),
      by('doors/postgres/node-postgres.test.ts', 'refuses a certificate of another authority'),
      by(
        'doors/postgres/node-postgres.test.ts',
        'refuses a certificate that names another host, by name and by address',
      ),
    ],
  },
  {
    asset: 'Any database role',
    attacker: 'whoever may put a value',
    path: 'the value names an administrator, and the function sets its password (confused deputy)',
    mitigation: 'roles, hosts and ports come from the deployment; privileged roles are refused',
    tests: [
      by(
        'bad-input/database-values.test.ts',
        'a bad value of a database secret is refused before anything is dialled',
      ),
      by('lambdas/database/multi-user.test.ts', 'never sets the role AWSCURRENT logs in with'),
    ],
  },
  {
    asset: 'Network position of the function',
    attacker: 'whoever may put a value',
    path: '`host` leads to instance metadata, loopback, or a server of the attacker',
    mitigation:
      'the host of the deployment is dialled and no other, AWSPREVIOUS and AWSPENDING included',
    tests: [
      by(
        'bad-input/database-values.test.ts',
        'a bad value of a database secret is refused before anything is dialled',
      ),
      by(
        'doors/http-probe.test.ts',
        'the metadata services of the machine, not even where private addresses are let through',
      ),
    ],
  },
  {
    asset: 'Rotation function',
    attacker: 'another AWS account, through Secrets Manager',
    path: 'a permission to invoke without SourceAccount',
    mitigation: 'SourceAccount, and the function knows the one secret it is for',
    tests: [
      by(
        'lib/permissions-threats.test.ts',
        'another account that has Secrets Manager call a rotation function: the account is a condition',
      ),
      by(
        'lib/quarterturn-stack.test.ts',
        'may be invoked by Secrets Manager of this account alone',
      ),
      by(
        'lambdas/rotation/protocol.test.ts',
        'a step for another secret, another function, or a version without the label',
      ),
    ],
  },
  {
    asset: 'Secret value',
    attacker: 'whoever may call RotateSecret',
    path: 'another function takes the place of ours and is handed the next value',
    mitigation:
      'function and rules cannot be changed by who rotates; drift is a finding and stops the schedule',
    tests: [
      by(
        'lib/permissions-threats.test.ts',
        'somebody who puts a function of his own in the place of a rotation function',
      ),
      by(
        'lambdas/cadence/announced.test.ts',
        'another function behind its back is a finding, and is not handed the next value',
      ),
      by('lib/quarterturn-stack.test.ts', 'gives nobody a way to take a function or a secret over'),
    ],
  },
  {
    asset: 'AWSPENDING',
    attacker: 'role of an application',
    path: 'reads the next credential before it is in use',
    mitigation: 'readers may ask for AWSCURRENT and AWSPREVIOUS',
    tests: [
      by(
        'lib/permissions-threats.test.ts',
        'an application that reads the next credential early: readers read two labels, and AWSPENDING is neither',
      ),
      by(
        'lib/quarterturn-stack.test.ts',
        'a consumer reads its secrets, current and previous, never a pending value',
      ),
      by(
        'integration/client.ts',
        'needs nothing but GetSecretValue, and may not have the value that is pending',
      ),
    ],
  },
  {
    asset: 'All secrets',
    attacker: 'a function that was taken over',
    path: 'one role for all, or rights by wildcard',
    mitigation: 'a role for each secret, exact ARNs, no right to delete or to change a policy',
    tests: [
      by(
        'lib/permissions-threats.test.ts',
        'a function that was taken over: each writes the one secret it rotates',
      ),
      by('lib/quarterturn-stack.test.ts', 'holds these statements and no other'),
      by(
        'lib/permissions-mutations.test.ts',
        'whatever widens a right of the template changes the list of rights',
      ),
    ],
  },
  {
    asset: 'Key in KMS',
    attacker: 'insider',
    path: 'CreateGrant, ScheduleKeyDeletion, direct use',
    mitigation: 'granted to nobody of the stack; use through one service, for one secret',
    tests: [
      by(
        'lib/permissions-threats.test.ts',
        'a key of an insider: keys of secrets are used through the service, for one secret, and granted on to nobody',
      ),
      by('lib/quarterturn-stack.test.ts', 'nobody uses a key but through its service'),
      by('lib/quarterturn-stack.test.ts', 'every key rotates'),
    ],
  },
  {
    asset: 'Secret value',
    attacker: 'reader of logs, traces, executions',
    path: 'an error, an event or an input that holds the value',
    mitigation: 'typed errors, named fields, no execution data in logs',
    tests: [
      by('leaks/schedules.test.ts', '%s: no value in anything that is told, whichever call fails'),
      by('integration/leaks.test.ts', 'of any version is found in any sink, in any form'),
      by(
        'lib/after-rotation-machine.test.ts',
        'is a Standard one that logs without execution data',
      ),
      by(
        'lambdas/rotation/failure-note.test.ts',
        'of an error that is not ours no word is kept: it may hold a value',
      ),
    ],
  },
  {
    asset: 'Secret value',
    attacker: 'the next invocation, or whoever gets the disk',
    path: '`/tmp`, a cache of the module, the environment',
    mitigation: 'nothing is written to disk; no value in an environment',
    tests: [
      by('integration/leaks.test.ts', 'of any version is found in any sink, in any form'),
      by('sandbox/start.test.ts', 'gives a function a built-up environment and nothing of its own'),
    ],
  },
  {
    asset: 'Database',
    attacker: 'author of a role, table or column in the configuration',
    path: 'SQL through an identifier',
    mitigation: 'a schema of names, identifiers by lookup in the catalogue',
    tests: [
      by(
        'bad-input/postgres.test.ts',
        'a server that is wrong is found out before a role is changed',
      ),
      by('doors/postgres/bootstrap.test.ts', 'takes names that need quoting as names'),
    ],
  },
  {
    asset: 'Database',
    attacker: 'author of a password',
    path: 'SQL through the literal in ALTER ROLE, which takes no parameters',
    mitigation: 'only a verifier of the exact pattern is ever sent',
    tests: [
      by('doors/postgres/scram.test.ts', 'reaches the server only when it is well-formed'),
      by('doors/postgres/scram.test.ts', 'is refused with %s'),
    ],
  },
  {
    asset: 'Access to the database',
    attacker: 'a crash, or an operator who cleans up as documented',
    path: 'the only copy of the password that works loses its label',
    mitigation:
      'alternating roles; what the target accepts is pinned before it is given up; an admin sets it again',
    tests: [
      by(
        'matrix/databases.test.ts',
        'rooms of a PostgreSQL login: every call fails in every way, and every recovery ends well',
      ),
      by(
        'lambdas/rotation/stuck.test.ts',
        'and pinned when the target accepts its value: the only copy of what works is never dropped',
      ),
      by(
        'lambdas/database/restoring-logins.ts',
        'and lost its label leaves AWSCURRENT locked out, which is set again',
      ),
    ],
  },
  {
    asset: 'Availability',
    attacker: 'an attacker or a defect',
    path: 'rotations without end: quota of versions, sessions ended',
    mitigation: 'one rotation a tick, holds, a limit of emergencies by event',
    tests: [
      by(
        'lambdas/triggers/exposure.test.ts',
        'a thousand times begins one emergency, and is one more finding',
      ),
      by(
        'lambdas/cadence/tick.test.ts',
        'of those that are due the oldest is rotated first, one a tick',
      ),
    ],
  },
  {
    asset: 'Open sessions',
    attacker: 'thief of the old password',
    path: 'a session outlives ALTER ROLE',
    mitigation: 'an emergency ends sessions until none is left; a planned rotation leaves them',
    tests: [
      by(
        'integration/emergency-leak.ts',
        'the stolen password is refused on the server, and so is the one that was to come; the session is gone',
      ),
      by(
        'lambdas/database/emergency.test.ts',
        'in an emergency an open session cannot set a password after us',
      ),
    ],
  },
  {
    asset: 'Verifier',
    attacker: 'reader of a log or a backup of the server',
    path: 'guessing offline, or playing the server',
    mitigation: '192 random bits; ASCII alone',
    tests: [
      by(
        'doors/postgres/scram.test.ts',
        'knows a generated password by its 32 characters of base64url',
      ),
      by('doors/postgres/scram.test.ts', 'is that of RFC 7677'),
    ],
  },
  {
    asset: 'Tokens',
    attacker: 'holder of a revoked key',
    path: 'a verifier keeps the key in its cache',
    mitigation: 'a stated bound after which a revoked key is refused, also while reads fail',
    tests: [
      by(
        'client/jwt.test.ts',
        'a revoked key is refused within the bound the verifier states, also while reads fail',
      ),
      by(
        'soak/soak.test.ts',
        'a revoked token is refused within the bound each verifier states, and a new one is accepted at once',
      ),
    ],
  },
  {
    asset: 'Tokens',
    attacker: 'forger',
    path: 'another algorithm, a key named by the token itself',
    mitigation: 'one algorithm, keys of the secret alone',
    tests: [
      by('client/jwt.test.ts', '%s is refused, and reads nothing'),
      by(
        'client/frameworks.test.ts',
        'accepts tokens of the old key and of the new one; revoked keys, forgeries and expired tokens are a 401',
      ),
    ],
  },
  {
    asset: 'Encrypted fields',
    attacker: 'whoever may write rows',
    path: 'a value is moved to another row or column, or taken back to an older key',
    mitigation:
      'additional data names key, column and row; re-encryption compares what it replaces',
    tests: [
      by('domain/ciphertext/round-trips.test.ts', 'does not open in another column or row'),
      by(
        'lambdas/reencryption/values.test.ts',
        'that were swapped between rows do not open where they are bound to their row',
      ),
      by(
        'lambdas/reencryption/concurrency.test.ts',
        'the same run without the comparison loses updates: this test can fail',
      ),
    ],
  },
  {
    asset: 'Cadence',
    attacker: 'insider',
    path: 'a write that changes nothing makes the secret young, or rotation is switched off',
    mitigation:
      'age by our own label; a write outside of a rotation and a missing rule are findings',
    tests: [
      by(
        'domain/policy/due.test.ts',
        'a write that no rotation made is a finding, and does not reset the age',
      ),
      by(
        'lambdas/cadence/announced.test.ts',
        'a missing rule is a finding at every tick, and it is rotated all the same',
      ),
    ],
  },
  {
    asset: 'The emergency machine',
    attacker: 'whoever may start executions or put events',
    path: 'everything is stopped, or led back to what leaked',
    mitigation:
      'a role of its own with MFA; what nobody decided stops nobody; compromised material is never restored',
    tests: [
      by('lib/permissions.test.ts', 'starts an emergency without MFA where that is asked for'),
      by(
        'lambdas/emergency/machine.test.ts',
        'changes what is named, stops no consumer and restarts those that learn by a start',
      ),
      by('lambdas/rotation/protocol.test.ts', 'compromised material is never restored'),
    ],
  },
  {
    asset: 'The build',
    attacker: 'author of a package',
    path: 'an install script, another package under the name, a licence that binds',
    mitigation:
      'exact versions with integrity, named install scripts, bundles that are the same twice, a list of what ships',
    tests: [
      by('scripts/build.test.ts', 'the same sources give the same bytes, in another folder too'),
      by(
        'supply-chain/dependencies.test.ts',
        'takes nothing from a repository, a file or a host of its own',
      ),
      by(
        'supply-chain/dependencies.test.ts',
        'runs scripts at installation only of packages that package.json names',
      ),
    ],
  },
];
