/** Traps in building and running it, and the test that would fall into each. */
import { by, type Trap } from './claim.ts';

export const trapsOfBuilding: readonly Trap[] = [
  {
    id: 'B1',
    trap: 'The lockfile installs on one machine and on no other.',
    tests: [
      by('supply-chain/dependencies.test.ts', 'has the hash of every package that is downloaded'),
    ],
  },
  {
    id: 'B2',
    trap: 'Rooms reach into each other until nothing can be changed alone.',
    tests: [
      by('walls.test.ts', 'every rule has a planted violation'),
      by('walls.test.ts', '%s finds its violation'),
    ],
  },
  {
    id: 'B3',
    trap: 'The command line needs a way to the database and the right to read values.',
    tests: [
      by('integration/adoption.test.ts', 'adopted by on-call, who reads no value'),
      by(
        'integration/reencrypt-commands.test.ts',
        'prepare, first values, dry run, a job to its end: with the rights of on-call alone',
      ),
      by(
        'demo/sandbox.test.ts',
        'rotates but reads no value; the control token is readable by its owner alone',
      ),
    ],
  },
  {
    id: 'B4',
    trap: 'A new compiler blinds the lint that keeps the walls.',
    tests: [by('walls.test.ts', '%s may import what the plan allows')],
  },
  {
    id: 'B5',
    trap: 'The interface of a kind cannot say rollback, first value or evidence.',
    tests: [
      by('lambdas/rotation/protocol.test.ts', 'tests the current value and writes nothing'),
      by(
        'lambdas/rotation/protocol.test.ts',
        'leaves a record of its steps and evidence, and an AfterRotation that is due',
      ),
    ],
  },
  {
    id: 'B6',
    trap: 'On-call needs a checkout, and a long configuration does not fit a function.',
    tests: [
      by('domain/config/manifest.test.ts', 'no part exceeds the 8 KB of an Advanced parameter'),
      by('cli/open-deployment.test.ts', 'the only one there is needs no name'),
    ],
  },
  {
    id: 'B7',
    trap: 'A goal of speed is stated that no machine can reach, and then asserted.',
    tests: [
      by('bench/scale.test.ts', 'docs/scale.md is what the formula gives for the measured figures'),
      by('bench/client.test.ts', 'whether a ratio meets its goal is told by its median'),
    ],
  },
  {
    id: 'B8',
    trap: 'Proofs grow until nobody runs them.',
    tests: [by('domain/policy/due.test.ts', 'ten years of hourly decisions, every %i days')],
  },
  {
    id: 'B9',
    trap: 'Bundles are made on the machine that deploys, and need what lies about there.',
    tests: [
      by('scripts/build.test.ts', 'a bundle runs where there is no node_modules'),
      by('scripts/build.test.ts', 'the same sources give the same bytes, in another folder too'),
      by('pack/pack.test.ts', 'ships the bundles of this checkout'),
    ],
  },
  {
    id: 'B10',
    trap: 'An application that wants the client installs the CDK and a PostgreSQL.',
    tests: [
      by('pack/client.test.ts', 'depends on nothing, and each of its peers is optional'),
      by(
        'pack/pack.test.ts',
        'needs the CDK only where an app has it, and the sandbox’s packages where somebody starts one',
      ),
    ],
  },
  {
    id: 'B11',
    trap: 'The embedded PostgreSQL fails as root, leaves files, or shows its password.',
    tests: [
      by(
        'sandbox/postgres/start.test.ts',
        'keeps its key to itself and the superuser password out of every file',
      ),
      by(
        'sandbox/postgres/start.test.ts',
        'ends with the process that started it, even when that one is killed',
      ),
    ],
  },
  {
    id: 'B12',
    trap: 'Clock, randomness and network are reached for where no test can hold them.',
    tests: [by('scripts/lint.test.ts', 'lint')],
  },
  {
    id: 'B13',
    trap: 'A local interpreter of state machines runs something else than AWS, without a word.',
    tests: [
      by(
        'sandbox/step-functions/load-check.test.ts',
        'a state machine is refused by name when it has',
      ),
      by(
        'sandbox/step-functions/states.test.ts',
        'waits on the clock: 1, 2, 4 seconds and three attempts more by default',
      ),
      by(
        'lib/after-rotation-machine.test.ts',
        'gives every Task a timeout and the retries AWS documents for Lambda',
      ),
    ],
  },
  {
    id: 'B14',
    trap: 'The evaluator of policies lets through what IAM refuses.',
    tests: [
      by('sandbox/iam/evaluate.test.ts', 'says "$decision" when $title'),
      by(
        'sandbox/iam/simulator.test.ts',
        'the sandbox and an independent simulator allow and deny the same requests',
      ),
    ],
  },
  {
    id: 'B15',
    trap: 'Nobody knows who calls the sandbox, and its functions see the machine they run on.',
    tests: [
      by('sandbox/dispatch.test.ts', 'made with another secret is refused'),
      by('sandbox/start.test.ts', 'gives a function a built-up environment and nothing of its own'),
      by('sandbox/control.test.ts', 'no control works without the token'),
    ],
  },
  {
    id: 'B16',
    trap: 'Layers are finished one by one, and the whole never runs.',
    tests: [
      by(
        'demo/main.test.ts',
        'reads every proof back, exits with 0, shows no value and leaves nothing behind',
      ),
    ],
  },
  {
    id: 'B17',
    trap: 'Two documents describe two products.',
    tests: [
      by('docs/events.test.ts', 'has every field of its schema in the table, and no other'),
      by('cli/document.test.ts', 'names every command and every option, and no other option'),
      by('lib/props.test.ts', '%s.%s is on the page'),
    ],
  },
  {
    id: 'B18',
    trap: 'The roles a rotation needs are made by nobody.',
    tests: [
      by(
        'lambdas/operator/bootstrap.test.ts',
        'lets the rotator take a one-role database through three rotations, until the identity is closed',
      ),
      by(
        'doors/postgres/bootstrap.test.ts',
        'gives the admin none of the rights of the roles it sets, and no data',
      ),
    ],
  },
  {
    id: 'B19',
    trap: 'Half of the tests load modules the other half cannot.',
    tests: [by('pack/client.test.ts', 'exports the same names as ES modules and as CommonJS')],
  },
  {
    id: 'B20',
    trap: 'Tests share a server, and leave processes, ports and files.',
    tests: [
      by('sandbox/postgres/start.test.ts', 'stops twice, and leaves no file and no listener'),
      by(
        'demo/main.test.ts',
        'ends with 143 after SIGTERM in the middle of its work, and leaves nothing behind',
      ),
    ],
  },
  {
    id: 'B21',
    trap: 'A floor of the runtime moves under what is deployed.',
    tests: [
      by('lib/quarterturn-stack.test.ts', 'runs the bundle of its kind on nodejs24.x'),
      by(
        'lib/reencryption.test.ts',
        'has a whole vCPU for fifteen minutes, on the runtime that was measured',
      ),
    ],
  },
  {
    id: 'B22',
    trap: 'Examples in other languages are written down and never run.',
    tests: [by('docs/for-applications.test.ts', '%s')],
  },
  {
    id: 'B23',
    trap: 'The second day: upgrade, uninstall, a stored form that a later reader does not take.',
    tests: [
      by('integration/upgrade.test.ts', 'finishes what the release before had left to do'),
      by(
        'integration/uninstall.test.ts',
        'finds the names taken, and comes back under another by adoption',
      ),
      by('domain/config/manifest.test.ts', 'another version is refused by naming the field'),
    ],
  },
  {
    id: 'B24',
    trap: 'Small words with two meanings: which labels yield, what the bits of a text are, whose latency.',
    tests: [
      by(
        'lambdas/rotation/protocol.test.ts',
        'twelve at the most: the oldest goes, never that of AWSCURRENT',
      ),
      by(
        'domain/secrets/encoding.test.ts',
        'the bits of a text key are floor(length × log2(charset)), at least as configured',
      ),
    ],
  },
];
