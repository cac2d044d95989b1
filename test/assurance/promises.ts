/** What Quarterturn promises, by which tests each promise would be broken, and what of it is not proven. */
import { by, type PromiseOfProduct } from './claim.ts';

export const promises: readonly PromiseOfProduct[] = [
  {
    id: 'P1',
    promise:
      'Every crash converges: whatever call fails, in whatever way, one of the documented ways on ends in a good state.',
    tests: [
      by(
        'matrix/databases.test.ts',
        'rooms of a PostgreSQL login: every call fails in every way, and every recovery ends well',
      ),
      by(
        'matrix/keysets.test.ts',
        'rooms of keys and of values people make: every call fails in every way, and every recovery ends well',
      ),
      by(
        'matrix/postgres.test.ts',
        'a real PostgreSQL goes the way of the model, and every recovery ends well on it',
      ),
      by(
        'matrix/machines/after-rotation.test.ts',
        'what follows a rotation comes to its end, whichever call of it failed',
      ),
      by(
        'matrix/machines/emergency.test.ts',
        'an emergency is closed, with everything exposed changed once and proven, whichever call of it failed',
      ),
      by(
        'matrix/machines/rollout.test.ts',
        'a consumer gets to its new value, restarted once, whichever call of its rollout failed',
      ),
      by(
        'matrix/machines/reencryption.test.ts',
        'every row is under the new key, once, whichever call failed',
      ),
      by(
        'matrix/machines/functions.test.ts',
        '%s ends as if nothing had failed, or says what failed',
      ),
      by(
        'matrix/machines/every-door.test.ts',
        'every call that %s may make is a place of the matrix',
      ),
    ],
    figures: [
      'crash-matrix-access-audit',
      'crash-matrix-after-rotation',
      'crash-matrix-cadence',
      'crash-matrix-certificates',
      'crash-matrix-database-multi-user',
      'crash-matrix-database-single-user',
      'crash-matrix-drill',
      'crash-matrix-emergency',
      'crash-matrix-encryption',
      'crash-matrix-fingerprints',
      'crash-matrix-github',
      'crash-matrix-health',
      'crash-matrix-jwt',
      'crash-matrix-notify',
      'crash-matrix-operator',
      'crash-matrix-postgres',
      'crash-matrix-reencryption',
      'crash-matrix-roll-back',
      'crash-matrix-rollout',
      'crash-matrix-starter',
      'crash-matrix-sync',
      'crash-matrix-triggers',
      'crash-matrix-user-managed',
      'crash-matrix-watch',
    ],
  },
  {
    id: 'P2',
    promise: 'There is no instant without a stored, labelled credential that works.',
    tests: [
      by(
        'matrix/databases.test.ts',
        "AWS's own single-user algorithm shows its lockouts here, and ours has none that stays",
      ),
      by('model/product.test.ts', '%s: no sequence breaks an invariant'),
      by(
        'integration/single-user.ts',
        'is told within fifteen minutes, and nobody is left without a login',
      ),
    ],
    figures: ['crash-matrix-baseline', 'model-product'],
  },
  {
    id: 'P3',
    promise: 'A planned rotation fails no login, no verification and no decryption.',
    tests: [
      by(
        'soak/soak.test.ts',
        'no token is refused, whoever signed it and whoever verifies it, with whatever they hold by then',
      ),
      by(
        'soak/soak.test.ts',
        'every value opens for every reader, whoever wrote it, and all of them with the last keyset',
      ),
      by(
        'integration/rollouts.test.ts',
        'is published, held by every consumer, activated and then used; no token is refused meanwhile',
      ),
    ],
    figures: [],
    limits:
      'One role (`singleUser`) with readers that learn only by a restart: the old password ends at setSecret. Stated in docs/connections.md, not promised.',
  },
  {
    id: 'P4',
    promise:
      'No value leaves memory and Secrets Manager in plaintext, but to the places that are configured for it.',
    tests: [
      by('integration/leaks.test.ts', 'of any version is found in any sink, in any form'),
      by('leaks/schedules.test.ts', '%s: no value in anything that is told, whichever call fails'),
      by('leaks/seeded-leaks.test.ts', 'planted: %s'),
      by(
        'leaks/bad-values.test.ts',
        'an event that holds a value is not repeated, whatever is wrong with it',
      ),
      by('leaks/echoes.test.ts', '%s that %s is not repeated'),
    ],
    figures: ['leaks-seeded', 'leaks-database', 'leaks-deployed', 'leaks-in-process'],
  },
  {
    id: 'P5',
    promise: 'Least privilege, by an exact list.',
    tests: [
      by('lib/permissions.test.ts', 'docs/permissions.md lists every right there is'),
      by(
        'lib/permissions-mutations.test.ts',
        'whatever widens a right of the template changes the list of rights',
      ),
      by('lib/permissions-threats.test.ts', 'no identity is given'),
      by(
        'sandbox/iam/simulator.test.ts',
        'the sandbox and an independent simulator allow and deny the same requests',
      ),
    ],
    figures: ['iam-exact-list', 'iam-simulator', 'iam-simulator-generated'],
  },
  {
    id: 'P6',
    promise: 'One rotation at a time for each secret.',
    tests: [
      by('races/scheduled.test.ts', '$name'),
      by('races/processes.test.ts', '$name, as processes'),
      by(
        'model/interleaved.test.ts',
        'some order of what overlapped explains every answer and the end',
      ),
    ],
    figures: [
      'races-scheduled',
      'races-processes',
      'races-rows',
      'model-labels',
      'model-interleaved',
      'model-endpoint',
    ],
  },
  {
    id: 'P7',
    promise: 'No secret that rotates is older than its limit.',
    tests: [
      by('domain/policy/due.test.ts', 'ten years of hourly decisions, every %i days'),
      by(
        'integration/schedule.test.ts',
        'forty days, the hours around its due days one by one: announced, then rotated, in time',
      ),
    ],
    figures: [],
    limits:
      'A hold, a freeze, or a rotation that fails may carry it past the limit: that is told, and is an alarm.',
  },
  {
    id: 'P8',
    promise:
      'After an emergency what leaked is dead within a stated time: a database login within a minute of its rotation, its sessions ended; a token within the bound its verifiers state.',
    tests: [
      by(
        'integration/emergency-leak.ts',
        'what leaked was dead within 5 minutes, and all was over within the hour',
      ),
      by(
        'soak/soak.test.ts',
        'a revoked token is refused within the bound each verifier states, and a new one is accepted at once',
      ),
      by(
        'lambdas/after-rotation/emergency.test.ts',
        'the old credential is tried right after its role is closed, and what was found is on record before copies are made',
      ),
    ],
    figures: [],
    limits:
      'A key of field encryption is never dead while rows or backups are under it, and no report says so.',
  },
];
