/** Traps that an attacker, or a mistake with the same effect, would lead into. */
import { by, type Trap } from './claim.ts';

export const trapsOfSecurity: readonly Trap[] = [
  {
    id: 'H1',
    trap: 'The flat field never comes to hold the new key.',
    tests: [
      by(
        'domain/secrets/secret-value.test.ts',
        'round-trips, with the primary key in the flat field',
      ),
      by(
        'domain/secrets/next-value.test.ts',
        'of an activation has the published key as primary, and the old one readable',
      ),
    ],
  },
  {
    id: 'H2',
    trap: 'A clock activates a key that some readers have not heard of.',
    tests: [
      by(
        'lambdas/after-rotation/machine.test.ts',
        'waits until whoever read the secret right before has to read it again',
      ),
      by(
        'lambdas/reencryption/steps.test.ts',
        'is not counted while a writer from before is alive, idle or prepared, nor out of order',
      ),
    ],
  },
  {
    id: 'H3',
    trap: 'The open session of the leaked role sets a password of its own after ours.',
    tests: [
      by(
        'lambdas/database/emergency.test.ts',
        'in an emergency an open session cannot set a password after us',
      ),
      by(
        'lambdas/database/emergency.test.ts',
        'in an emergency an open session that keeps its role locked is ended for it',
      ),
      by(
        'lambdas/database/emergency.test.ts',
        'rolls prepared transactions back where it may and reports the others',
      ),
    ],
  },
  {
    id: 'H4',
    trap: '“No rows left” because row-level security hides them, or a store was not asked.',
    tests: [
      by(
        'lambdas/reencryption/steps.test.ts',
        'row-level security is an error and never a filter, in preflight, count and worker',
      ),
      by(
        'lambdas/reencryption/steps.test.ts',
        'needs every damaged value signed off and every other store vouched for',
      ),
      by(
        'lambdas/encryption/leaving-keys.test.ts',
        'stays when a store is declared after the proof, until a job has counted with it',
      ),
    ],
  },
  {
    id: 'H5',
    trap: 'A leaked key that was only published takes over after the emergency.',
    tests: [
      by(
        'domain/secrets/next-value.test.ts',
        'of an emergency has a new primary, and no earlier key ever becomes primary again',
      ),
      by(
        'domain/secrets/transitions.property.test.ts',
        'keeps one primary, loses no key, moves states forward, and never returns to a leaked key',
      ),
    ],
  },
  {
    id: 'H6',
    trap: 'A plain value written over a keyset is taken for its successor, and the old keys are lost.',
    tests: [
      by(
        'domain/secrets/next-value.test.ts',
        'written over a keyset is not adopted, and an emergency keeps it readable',
      ),
      by(
        'domain/secrets/next-value.test.ts',
        'is refused when AWSCURRENT lacks a key of an earlier version',
      ),
      by(
        'integration/aws-cli.ts',
        'put-secret-value is denied to an administrator: the secret itself says so',
      ),
    ],
  },
  {
    id: 'H7',
    trap: 'The stack deletes or makes anew the only copy of a key.',
    tests: [
      by(
        'integration/uninstall.test.ts',
        'destroys the stack and leaves every value; logins go on',
      ),
      by(
        'integration/escrow.test.ts',
        'every version that was ever promoted is in escrow, byte for byte, and nothing else',
      ),
      by(
        'lambdas/rotation/escrow.test.ts',
        'nothing moves: no label, no AfterRotation; then the service tries again and it is done',
      ),
    ],
  },
  {
    id: 'H8',
    trap: 'Two re-encryptions undo each other, and one writes to the key that leaked.',
    tests: [
      by(
        'lambdas/reencryption/concurrency.test.ts',
        'writes nothing from the moment the emergency has closed it, and a new one goes to the newer key',
      ),
      by(
        'lambdas/encryption/fence.test.ts',
        'writes nothing more once setSecret is over, and no row goes back to its key afterwards',
      ),
      by(
        'lambdas/reencryption/tasks/machine.test.ts',
        'a compromised key is no target: it stops on record, and no row moves',
      ),
    ],
  },
  {
    id: 'H9',
    trap: 'Login roles that are members of the owner see rows of other tenants.',
    tests: [
      by(
        'lambdas/database/multi-user.test.ts',
        'a login role sees the rows, settings and ownership the identity had, not those of a table owner',
      ),
      by(
        'integration/adoption.test.ts',
        'multiUser: the identity keeps ownership and row-level security, and loses LOGIN once no value names it',
      ),
    ],
  },
  {
    id: 'H10',
    trap: 'Formats without the name of their key cannot be told apart after a rotation.',
    tests: [
      by(
        'domain/ciphertext/column-formats.test.ts',
        'the configuration knows every format there is, and what it says of them is so',
      ),
      by(
        'lambdas/reencryption/formats.test.ts',
        'is rewritten once; the wrong values that open are quarantined by what the column holds; a second pass finds nothing',
      ),
      by(
        'domain/ciphertext/colon-cbc.test.ts',
        'is accepted under a wrong key once in 256 times, and the check of the plaintext notices',
      ),
    ],
  },
  {
    id: 'H11',
    trap: 'A JSON document that is parsed and written back comes out with other numbers.',
    tests: [
      by(
        'lambdas/reencryption/types.test.ts',
        'a value inside jsonb is changed on the server, and every number beside it stays as it was written',
      ),
      by(
        'lambdas/reencryption/types.test.ts',
        'json keeps its spaces and doubled members; a ciphertext that stands in it twice is left and reported',
      ),
    ],
  },
  {
    id: 'H12',
    trap: 'A refusal inside createSecret leaves AWSPENDING behind and blocks the emergency.',
    tests: [
      by('lambdas/rotation/protocol.test.ts', 'then an emergency goes through at once'),
      by('integration/every-kind.ts', 'a planned rotation that is refused'),
      by(
        'lambdas/encryption/encryption-strategy.test.ts',
        'is refused for planned and activate, and recorded for rollback and emergency, when something is wrong',
      ),
    ],
  },
  {
    id: 'H13',
    trap: 'A rollback goes back and forth, is rotated at once, or leads to material that leaked.',
    tests: [
      by('lambdas/after-rotation/rollout.test.ts', 'to material that is compromised'),
      by('lambdas/rotation/protocol.test.ts', 'compromised material is never restored'),
      by(
        'lambdas/after-rotation/rollout.test.ts',
        'and in the 48 hours after that the schedule rotates nothing, old as the restored value is; after the hold it does',
      ),
    ],
  },
  {
    id: 'H14',
    trap: 'A database that was restored accepts neither AWSCURRENT nor AWSPREVIOUS.',
    tests: [
      by(
        'integration/doctoring.ts',
        'a database that was restored: both slots are locked out, AWSCURRENT is set again',
      ),
      by(
        'lambdas/database/preflight.test.ts',
        'an admin whose own rotation is under way is read and tried once more',
      ),
    ],
  },
  {
    id: 'H15',
    trap: 'The emergency hands the new value to whoever took the old one.',
    tests: [
      by(
        'lambdas/emergency/machine.test.ts',
        'cuts suspects off before anything changes, and lifts that when it is told to',
      ),
      by(
        'integration/emergency-leak.ts',
        'a forged token is refused by both instances, and the stranger is handed no new value',
      ),
      by(
        'lambdas/emergency/machine.test.ts',
        'a role of a deployment as suspect, even where the configuration names it',
      ),
    ],
  },
  {
    id: 'H16',
    trap: 'Whoever may tag or put events decides what a rotation is.',
    tests: [
      by(
        'lib/permissions.test.ts',
        'asks for a rotation in an emergency, but the function of emergencies',
      ),
      by(
        'sandbox/dynamodb/service.test.ts',
        'reads and writes of one item carry its partition key',
      ),
      by(
        'doors/control-table.test.ts',
        'two intents under one token are an error, never the milder one',
      ),
    ],
  },
  {
    id: 'H17',
    trap: 'Behind a pooler the new credential is refused while the old one is served, and no 28P01 is seen.',
    tests: [
      by(
        'lambdas/database/consumer-path.test.ts',
        'the pending credential is proven at every endpoint, as the role it is to run as',
      ),
      by(
        'client/postgres.test.ts',
        'a real PgBouncer: what it says of a wrong password and of an unknown role is a refusal',
      ),
    ],
  },
  {
    id: 'H18',
    trap: '“Proven dead” on one server, without knowing that the new one was accepted.',
    tests: [
      by(
        'lambdas/database/proving-old.ts',
        'is refused where the new one is accepted, by one attempt; sessions it opened are counted, and go on',
      ),
      by(
        'lambdas/database/proving-old.ts',
        'is not tried where the new one is refused, or nobody answers: that proves nothing',
      ),
    ],
  },
  {
    id: 'H19',
    trap: 'A key has a name that its readers cannot compute, or another one tomorrow.',
    tests: [
      by('domain/secrets/secret-value.test.ts', 'with a damaged key'),
      by('domain/secrets/kid.test.ts', 'the id of a generated key is told by its bytes alone: %s'),
    ],
  },
  {
    id: 'H20',
    trap: 'A key is pruned while a backup still needs it, or is called destroyed while a copy lies somewhere.',
    tests: [
      by('lambdas/encryption/leaving-keys.test.ts', 'stays for ever when a backup does'),
      by(
        'lambdas/encryption/leaving-keys.test.ts',
        'stays when the database was taken back to a backup: its ledger knows nothing of the proof',
      ),
      by('domain/policy/prune.test.ts', 'when everything that must have happened has'),
    ],
  },
  {
    id: 'H21',
    trap: 'A ciphertext opens in another row or column, is downgraded, or repeats a nonce.',
    tests: [
      by(
        'domain/ciphertext/vectors.test.ts',
        '$title: key and associated data are the documented ones',
      ),
      by('domain/ciphertext/round-trips.test.ts', 'does not open in another column or row'),
      by(
        'domain/ciphertext/nonces.test.ts',
        'alarms at 2^31 and refuses beyond 2^32, without counting the refused',
      ),
    ],
  },
  {
    id: 'H22',
    trap: 'Small traps of ALTER ROLE: locks of one database, VALID UNTIL, long names, rds_iam.',
    tests: [
      by(
        'lambdas/database/preflight.test.ts',
        'waits for a rotation of the same role that works in another database',
      ),
      by('lambdas/database/preflight.test.ts', '%s is refused, and nothing changes'),
    ],
  },
  {
    id: 'H23',
    trap: 'The sandbox is taken for AWS, or a function trusts its environment.',
    tests: [
      by('cli/child-process.test.ts', 'a shell that leads one service past the sandbox is refused'),
      by(
        'sandbox/dispatch.test.ts',
        'of a foreign key is refused, and neither key nor token is written down',
      ),
      by(
        'lambdas/rotation/posture.test.ts',
        'an environment as the deployment makes it is trusted, and so is an endpoint on loopback',
      ),
    ],
  },
  {
    id: 'H24',
    trap: 'Scan, audit and messages leak, run what they look at, or claim too much.',
    tests: [
      by('cli/scan/hostile.test.ts', 'runs nothing, and its values are found all the same'),
      by(
        'domain/reports/messages.test.ts',
        'no channel but security’s hears that something leaked before it is dead, nor who asked and why',
      ),
      by('domain/reports/forms.test.ts', 'quotes what needs it, and reads back as it was'),
      by('domain/reports/incident/hostile.test.ts', 'is no markup of the page'),
    ],
  },
  {
    id: 'H25',
    trap: 'A sentence promises more than the one beside it: sizes, rights, what “dead” means.',
    tests: [
      by('domain/reports/incident/report.test.ts', 'of an encryption key is never called dead'),
      by(
        'domain/secrets/next-value.test.ts',
        'grows to 48 KB by planned rotations, and an emergency still fits then',
      ),
      by(
        'lambdas/rotation/protocol.test.ts',
        'an emergency asks KMS three times, goes on without it, and records that it did',
      ),
    ],
  },
];
