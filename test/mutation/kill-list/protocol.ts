/** The four steps: staging labels, compare-and-swap, order, what a rotation builds on. */
import type { Kill } from './kill.ts';

const protocol = { suite: 'test/lambdas/rotation/protocol.test.ts' };
const races = { suite: 'test/lambdas/rotation/races.test.ts' };
const atOnce = { suite: 'test/lambdas/rotation/refused-at-once.test.ts' };
const escrow = { suite: 'test/lambdas/rotation/escrow.test.ts' };
const preflight = { suite: 'test/domain/policy/preflight.test.ts' };
const finish = 'lambdas/rotation/steps/finish-secret.ts';
const create = 'lambdas/rotation/steps/create-secret.ts';

export const protocolKills: readonly Kill[] = [
  {
    name: 'PutSecretValue without VersionStages moves AWSCURRENT',
    file: 'doors/secrets-manager.ts',
    find: "                VersionStages: ['AWSPENDING'],\n",
    replace: '',
    red: [protocol],
  },
  {
    name: 'AWSCURRENT moves without RemoveFromVersionId',
    file: 'doors/secrets-manager.ts',
    find: '              ...(from && { RemoveFromVersionId: from }),\n',
    replace: '',
    red: [protocol],
  },
  {
    name: 'AWSCURRENT and AWSPENDING swapped when read',
    file: 'domain/policy/labels.ts',
    find: "versionWith('AWSCURRENT', stages)",
    replace: "versionWith('AWSPENDING', stages)",
    red: [protocol, preflight],
  },
  {
    name: 'promotes AWSPENDING instead of AWSCURRENT',
    file: finish,
    find: "    label: 'AWSCURRENT',\n",
    replace: "    label: 'AWSPENDING',\n",
    red: [protocol],
  },
  {
    name: 'promotes over a version it was not based on',
    file: finish,
    find: '    ...(record.basedOn && { from: record.basedOn }),\n',
    replace: '',
    red: [protocol],
  },
  {
    name: 'later steps do not compare AWSCURRENT with basedOn',
    file: 'lambdas/rotation/steps/set-secret.ts',
    find: 'if (current !== record.basedOn) {',
    replace: 'if (current === undefined) {',
    red: [atOnce],
  },
  {
    name: 'createSecret does not compare AWSCURRENT with basedOn',
    file: create,
    find: 'if (basedOn !== record.basedOn) {',
    replace: 'if (basedOn === undefined) {',
    red: [atOnce],
  },
  {
    name: 'promotes a value that testSecret never tested',
    file: finish,
    find: "recordAfter(run, 'finishSecret', 'testSecret')",
    replace: "recordAfter(run, 'finishSecret', 'setSecret')",
    red: [atOnce],
  },
  {
    name: 'setSecret runs without createSecret',
    file: 'lambdas/rotation/steps/set-secret.ts',
    find: 'if (record?.steps[before] === undefined) {',
    replace: 'if (record === undefined) {',
    red: [protocol],
  },
  {
    name: 'a lease of another rotation stops nobody',
    file: 'lambdas/rotation/run.ts',
    find: 'if (leaseHasEnded(lease, run.now)) {',
    replace: 'if (lease.owner !== "") {',
    red: [races],
  },
  {
    name: 'the lease is not asked again right before AWSCURRENT moves',
    file: finish,
    find: '  try {\n    await assertNoForeignLease(run);\n  } catch (error) {',
    replace: '  try {\n    await Promise.resolve();\n  } catch (error) {',
    red: [races],
  },
  {
    name: 'a repeated createSecret makes another value',
    file: create,
    find: 'if ((await secretsManager.getValue(SECRET_ARN, run.token)) !== undefined) {',
    replace: 'if ((await secretsManager.getValue(SECRET_ARN, run.token)) === "") {',
    red: [atOnce],
  },
  {
    name: 'a refused rotation leaves its AWSPENDING behind',
    file: create,
    find: '      await clearRefused(run, run.token);\n',
    replace: '',
    red: [protocol],
  },
  {
    name: 'compromised material is restored by a rollback',
    file: create,
    find: 'if (primary !== undefined && compromised.has(primary)) {',
    replace: 'if (primary === "" && compromised.has(primary)) {',
    red: [atOnce],
  },
  {
    name: 'material that leaked under way is promoted',
    file: 'lambdas/rotation/steps/set-secret.ts',
    find: '    assertNotCompromised(pending, current, compromised);\n',
    replace: '',
    red: [races],
  },
  {
    name: 'AfterRotation is due only once AWSCURRENT has moved',
    file: finish,
    find: "    state: 'due',\n",
    replace: "    state: 'finished',\n",
    red: [protocol],
  },
  {
    name: 'a keyset is promoted without a copy in escrow',
    file: finish,
    find: '  await escrowPending(run, record);\n',
    replace: '',
    red: [escrow],
  },
  {
    name: 'the copy in escrow is not read back',
    file: 'doors/escrow.ts',
    find: 'if (!sameBytes(stored, body)) {',
    replace: 'if (stored.length === 0) {',
    red: [{ suite: 'test/doors/escrow.test.ts' }],
  },
  {
    name: 'another function than the deployed one may be called for the secret',
    file: 'lambdas/rotation/staging.ts',
    find: 'if (description.rotationLambdaArn !== functionArn) {',
    replace: 'if (functionArn === "") {',
    red: [atOnce],
  },
  {
    name: 'the event of another secret is taken',
    file: 'lambdas/rotation/handler.ts',
    find: 'throw new ForeignSecretError(',
    replace: 'void new ForeignSecretError(',
    red: [protocol],
  },
  {
    name: 'fields nobody knows are taken in an event',
    file: 'lambdas/rotation/event.ts',
    find: 'z.strictObject({',
    replace: 'z.object({',
    red: [{ suite: 'test/lambdas/rotation/event.test.ts' }],
  },
  {
    name: 'the event is logged',
    file: 'lambdas/rotation/handler.ts',
    find: '    const started = room.doors.clock.now();\n    let what',
    replace:
      "    const started = room.doors.clock.now();\n    room.doors.log.info('event', event as never);\n    let what",
    red: [{ ...protocol, only: /logs it nowhere/ }],
  },
  {
    name: 'a planned rotation starts while the AfterRotation before it runs',
    file: 'domain/policy/preflight.ts',
    find: '    afterRotationPending,\n',
    replace: '',
    red: [preflight],
  },
  {
    name: 'a secret that is not armed is rotated',
    file: 'domain/policy/preflight.ts',
    find: '    notArmed,\n',
    replace: '',
    red: [preflight],
  },
  {
    name: 'an emergency waits for what a planned rotation waits for',
    file: 'domain/policy/preflight.ts',
    find: '  emergency: everybody,\n',
    replace: '  emergency: [...everybody, afterRotationPending, reencryptionActive],\n',
    red: [preflight],
  },
  {
    name: 'an endpoint override that is not loopback is taken',
    file: 'lambdas/rotation/posture.ts',
    find: 'if (isOverride || ',
    replace: 'if (',
    red: [{ suite: 'test/lambdas/rotation/posture.test.ts', only: /is refused by name/ }],
  },
];
