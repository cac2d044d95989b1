/** Traps in what AWS does, and the test that would fall into each. */
import { by, type Trap } from './claim.ts';

export const trapsOfAws: readonly Trap[] = [
  {
    id: 'A1',
    trap: 'Rows are re-encrypted, or a proof is taken, before readers know the new key.',
    tests: [
      by(
        'lambdas/after-rotation/rollout.test.ts',
        'hold a published key before it is activated, use it after, and all of that before a row is rewritten',
      ),
      by(
        'integration/rollouts.test.ts',
        'is published, held by every consumer, activated and then used; no token is refused meanwhile',
      ),
    ],
  },
  {
    id: 'A2',
    trap: 'Rollback, schedule and emergency set each other off without end.',
    tests: [
      by(
        'integration/rollouts.test.ts',
        'ends after one rollback, stopped and told; for 48 hours nothing more is rotated',
      ),
      by(
        'lambdas/after-rotation/rollout.test.ts',
        'from material that was rolled back from before',
      ),
    ],
  },
  {
    id: 'A3',
    trap: 'A deployment writes a value anew, or deletes a secret and its key.',
    tests: [
      by('integration/upgrade.test.ts', 'is refused by the secret, and the value stays'),
      by('lib/survival.test.ts', 'survives every change to: %s'),
      by('lib/quarterturn-stack.test.ts', 'keeps its logical id: another one would replace it'),
    ],
  },
  {
    id: 'A4',
    trap: 'The intent of a rotation belongs to no version, is lost on a retry, or is read stale.',
    tests: [
      by('doors/control-table.test.ts', 'a token has one intent: the first one stands'),
      by('doors/control-table.test.ts', 'an unreachable table is an error, never "no record"'),
      by(
        'lambdas/rotation/protocol.test.ts',
        'without an intent record is planned and unattributed',
      ),
    ],
  },
  {
    id: 'A5',
    trap: 'A rotation that is stuck or was refused keeps an emergency from starting.',
    tests: [
      by('integration/emergency-in-flight.ts', 'clears away a rotation that is stuck at %s'),
      by(
        'integration/emergency-in-flight.ts',
        'comes straight after a planned rotation that was refused',
      ),
      by(
        'lambdas/rotation/protocol.test.ts',
        'a planned rotation while AfterRotation is due; nothing is left behind',
      ),
    ],
  },
  {
    id: 'A6',
    trap: 'A reader of one variable has a key that others do not know yet, or no more.',
    tests: [
      by(
        'lambdas/after-rotation/rollout.test.ts',
        'who read one variable learn it once, when it is in use',
      ),
      by(
        'lambdas/reencryption/tasks/machine.test.ts',
        'waits for consumers, moves rows to the published key, and only then lets it be activated',
      ),
      by(
        'cli/commands/rotate.test.ts',
        'a rotation that logs everyone out is announced, and a person is asked',
      ),
    ],
  },
  {
    id: 'A7',
    trap: 'A rollback of a keyset loses the key that somebody wrote with meanwhile.',
    tests: [
      by(
        'domain/secrets/next-value.test.ts',
        'of a rollback after activation swaps primary and readable, and may swap them again',
      ),
      by(
        'client/fields.test.ts',
        'no order of stale and fresh writers and readers leaves a value unreadable in a planned rotation',
      ),
      by(
        'lambdas/encryption/encryption-strategy.test.ts',
        'leaves every row readable for every reader, through publish, activate, rollback and emergency',
      ),
    ],
  },
  {
    id: 'A8',
    trap: 'The first tick after an adoption rotates everything that is overdue.',
    tests: [
      by(
        'lambdas/cadence/adopted.test.ts',
        'are reported at every tick of seven days, and none is rotated',
      ),
      by(
        'lambdas/cadence/seasons.test.ts',
        'are rotated one a day per consumer, once they are armed',
      ),
    ],
  },
  {
    id: 'A9',
    trap: 'An adopted secret is not found by its tags, or belongs to somebody else already.',
    tests: [
      by(
        'lambdas/cadence/tick.test.ts',
        'an adopted secret outside of the name space is found by its name',
      ),
      by(
        'integration/adoption.test.ts',
        'what cannot be taken over is refused, with the command that resolves it:',
      ),
      by(
        'lambdas/cadence/announced.test.ts',
        'strays are findings, replicas and deleted ones are lines in the log; none is touched',
      ),
    ],
  },
  {
    id: 'A10',
    trap: 'The event of a promotion is lost, comes twice, or comes for a label of ours.',
    tests: [
      by(
        'integration/stuck-rotations.test.ts',
        'is lost, and the cadence starts the AfterRotation',
      ),
      by('integration/stuck-rotations.test.ts', 'comes twice, and there is one execution'),
      by('lambdas/starter/start.test.ts', 'date labels and pins start nothing'),
    ],
  },
  {
    id: 'A11',
    trap: 'A rotation that ends between the target and AWSCURRENT is nobody’s business.',
    tests: [
      by(
        'integration/single-user.ts',
        'is told within fifteen minutes, and nobody is left without a login',
      ),
      by('lambdas/watch/watch.test.ts', 'is stuck after nine minutes, and told once'),
    ],
  },
  {
    id: 'A12',
    trap: 'The rule of Secrets Manager is late, and knows no window and no freeze.',
    tests: [
      by(
        'lib/quarterturn-stack.test.ts',
        'fires a day before the limit, in a window of four hours, not at deployment',
      ),
      by(
        'integration/schedule.test.ts',
        'thirty days without the schedule: Secrets Manager’s own rule rotated it, and that is said; then no storm',
      ),
    ],
  },
  {
    id: 'A13',
    trap: 'Any write makes a secret look young.',
    tests: [
      by(
        'domain/policy/due.test.ts',
        'a write that no rotation made is a finding, and does not reset the age',
      ),
      by('domain/policy/due.test.ts', 'a date that cannot be read is an error, never "not due"'),
    ],
  },
  {
    id: 'A14',
    trap: 'Nobody may run ALTER ROLE on the other role, and RDS Proxy knows one credential only.',
    tests: [
      by(
        'lambdas/database/preflight.test.ts',
        'an admin without ADMIN OPTION is told about its bootstrap',
      ),
      by(
        'doors/postgres/bootstrap.test.ts',
        'lets three rotations of alternating users go through, up to the end of the identity',
      ),
      by(
        'lambdas/database/consumer-path.test.ts',
        'a pending credential is not tried through it, because it knows AWSCURRENT only',
      ),
    ],
  },
  {
    id: 'A15',
    trap: 'A template generates key material, badly, and again with each change.',
    tests: [
      by('lib/quarterturn-stack.test.ts', 'holds no value: of every secret the marker alone'),
      by(
        'lambdas/rotation/protocol.test.ts',
        'replaces the marker of a new secret by a first value, under a date label',
      ),
    ],
  },
  {
    id: 'A16',
    trap: 'A function in a subnet without the endpoint it needs hangs until its time is over.',
    tests: [
      by(
        'integration/network.test.ts',
        'without the endpoint of KMS it fails within seconds, naming service, host and security group',
      ),
      by(
        'lib/networks.test.ts',
        'is missed when an endpoint is taken away, and told when there is one for nobody',
      ),
    ],
  },
  {
    id: 'A17',
    trap: 'Findings of compliance packs are accepted wholesale, or obeyed to harm.',
    tests: [
      by('lib/compliance.test.ts', 'has no finding that is not accepted with a reason'),
      by('lib/compliance.test.ts', 'nothing is accepted that no pack objects to'),
    ],
  },
  {
    id: 'A18',
    trap: 'A list of rights lacks one that is needed, or holds one that takes a secret over.',
    tests: [
      by('lib/permissions.test.ts', 'docs/permissions.md lists every right there is'),
      by('lib/permissions.test.ts', 'starts a rotation without the right to invoke its function'),
      by(
        'lambdas/rotation/protocol.test.ts',
        'a step for another secret, another function, or a version without the label',
      ),
    ],
  },
  {
    id: 'A19',
    trap: 'A key that was pruned is still in a version that keeps a label.',
    tests: [
      by(
        'lambdas/encryption/leaving-keys.test.ts',
        'is disabled by the rotation after its rows are proven gone, pruned by the next, and named until nothing holds it',
      ),
      by(
        'lambdas/encryption/leaving-keys.test.ts',
        'is never said to be destroyed by a function that may not list the versions without a label',
      ),
    ],
  },
  {
    id: 'A20',
    trap: 'CloudTrail cannot say within the hour who read a secret, and is taken at its word.',
    tests: [
      by(
        'lambdas/access-audit/history.test.ts',
        'takes no call longer than half a minute, two requests a second at most, and goes on where it was',
      ),
      by('lambdas/access-audit/history.test.ts', 'nothing found is never nobody'),
      by('lambdas/access-audit/trail.test.ts', 'says what event history says, reader by reader'),
    ],
  },
  {
    id: 'A21',
    trap: 'A platform restarts nobody, starts whom it should not, or starts before the copy is there.',
    tests: [
      by(
        'lambdas/rollout/platforms.test.ts',
        'is deployed by CodeDeploy, once for one restart, and steady when the old tasks are gone',
      ),
      by(
        'lambdas/rollout/platforms.test.ts',
        'is restarted only after its external secrets were copied since, each asked for once',
      ),
      by(
        'lambdas/rollout/operations.test.ts',
        'remember what a service ran with, keep it at 0 against its autoscaling, and give it back',
      ),
    ],
  },
  {
    id: 'A22',
    trap: 'A job outgrows what an execution of Step Functions holds, or cannot go on after a change.',
    tests: [
      by(
        'lambdas/reencryption/tasks/machine.test.ts',
        'an execution that was stopped in the middle is replaced by one over the same ledger',
      ),
      by('lib/reencryption-machine.test.ts', 'a worker that ran out of time is called again'),
      by(
        'lambdas/rollout/machine.test.ts',
        'a consumer that takes a day stays far below the events an execution may have',
      ),
    ],
  },
  {
    id: 'A23',
    trap: 'An alarm does not arrive, and its silence looks like rest.',
    tests: [
      by(
        'integration/alarms.test.ts',
        'CloudWatch lets no alarm through, and only the alarm’s history says so',
      ),
      by('integration/alarms.test.ts', 'a cadence that runs no more is told, by the silence'),
      by('lib/messages.test.ts', 'on the cadence and on ages counts missing data as a failure'),
    ],
  },
  {
    id: 'A24',
    trap: 'Environments share names, an upgrade replaces what holds keys, and losing the secret loses the data.',
    tests: [
      by('lib/environments.test.ts', 'fit into one account and region: no two share a name'),
      by('lib/survival.test.ts', 'survives an upgrade from the previous release'),
      by(
        'integration/escrow.test.ts',
        'restores rows of every column while the secret answers nobody',
      ),
    ],
  },
  {
    id: 'A25',
    trap: 'Whoever may put an event stops the company.',
    tests: [
      by('lib/triggers.ts', 'denies everybody else, whatever their own policies allow'),
      by(
        'lambdas/triggers/exposure.test.ts',
        'a thousand times begins one emergency, and is one more finding',
      ),
      by('integration/triggers.ts', 'in a flood begins nothing more, and is one more finding'),
    ],
  },
];
