/** The demo as a newcomer runs it: a child process, piped, on this machine alone. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Machine } from './machine.ts';

const minutes = 60_000;
/** Those of `npm start` in the full form. */
const isFull = process.env.PROOF === 'full';
const rows = isFull ? 100_000 : 30_000;
/** In the full form its users rest as in `npm start`. */
const rested = isFull ? {} : { QUARTERTURN_DEMO_RESTS: '6' };
const inFull = isFull ? test : test.skip;
/** One of the processes of the reference application. @throws Error when there is none */
function applicationOf(demo: number | undefined): number {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const found = lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s.*examples\/pharmacy-api\/start\.ts/.exec(line))
    .find((match) => Number(match?.[2]) === demo);
  if (found?.[1] === undefined) throw new Error('no process of the application was found');
  return Number(found[1]);
}

let machine: Machine;
beforeAll(async () => {
  machine = await Machine.make();
});
afterAll(() => machine.remove());

describe('npm start, piped', () => {
  test(
    'reads every proof back, exits with 0, shows no value and leaves nothing behind',
    async () => {
      const run = machine.startWith(rested, 'demo', '--rows', String(rows));
      const code = await run.exit;

      expect(run.errors()).toBe('');
      expect(code).toBe(0);
      for (const proof of proofs) {
        expect(run.output()).toMatch(proof);
      }
      // Every value of every secret is an unbroken run of 32 characters or more; a kid has 16.
      expect(run.output().match(/[A-Za-z0-9+/_=.-]{24,}/g) ?? []).toEqual([]);
      expect(run.output()).not.toContain('\u001b');
      await machine.expectNothingLeft(run.output());
    },
    6 * minutes,
  );

  test(
    'ends with 143 after SIGTERM in the middle of its work, and leaves nothing behind',
    async () => {
      const run = machine.start('demo', 'jwt');
      // PostgreSQL runs and the synthesis begins; in the full form what was synthesized runs, too.
      await run.says(isFull ? /the synthesized stack on/ : /PostgreSQL on localhost/);
      run.child.kill('SIGTERM');

      expect(await run.exit).toBe(143);
      await machine.expectNothingLeft(run.output());
    },
    2 * minutes,
  );

  // Closed as after a signal, by the same lines (performance.ts); the whole of it with `npm run proof`.
  inFull(
    'ends with 1 by itself when an application dies, and leaves nothing behind',
    async () => {
      const run = machine.start('demo', 'jwt');
      await run.says(/both are served by the secrets/);
      process.kill(applicationOf(run.child.pid), 'SIGKILL');

      expect(await run.exit).toBe(1);
      expect(run.output()).toMatch(/✗ /);
      await machine.expectNothingLeft(run.output());
    },
    2 * minutes,
  );

  // The end of a run that is cut short is the one above; in the full form by both ways there are.
  inFull(
    'ends with 141 when nobody reads on, and leaves nothing behind',
    async () => {
      const run = machine.start('demo', 'jwt');
      await run.says(/PostgreSQL on localhost/);
      run.child.stdout?.destroy();

      expect(await run.exit).toBe(141);
      await machine.expectNothingLeft(run.output());
    },
    2 * minutes,
  );

  test('names the chapters there are when it does not know one', async () => {
    const run = machine.start('demo', 'rot13');

    expect(await run.exit).toBe(1);
    expect(run.errors()).toContain(
      'There is no chapter "rot13"; expected one of first-values, jwt',
    );
    expect(run.output()).toBe('');
  });
});

const grouped = (count: number) => count.toLocaleString('en');

const proofs = [
  /✓ a token verifies, signed by key [0-9a-f]{16}/,
  /✓ 180 patients are sealed under key [0-9a-f]{16} and open again/,
  /✓ the mock data passes its checklist in the database: 12 checks/,
  /✓ the token signed by [0-9a-f]{16} before the rotation still verifies/,
  /✓ a login now gets a token signed by [0-9a-f]{16}, and it verifies/,
  /✓ the phone sealed under [0-9a-f]{16} still opens, as it lies in a backup/,
  /✓ in the database it is under [0-9a-f]{16} now, as every row is/,
  /✓ a phone saved now carries kid [0-9a-f]{16}, and opens/,
  /✓ all 1476 sealed fields of the database open/,
  /✓ the session of pharmacy_app_a went on working through the rotation/,
  /✓ pharmacy_app_b logs in with its new password and acts as pharmacy_app/,
  /✓ pharmacy_app owns the tables and cannot log in by itself any more/,
  /✓ pharmacy_legacy logs in with it and reads 180 patients/,
  /✓ the old password is refused \(28P01\)/,
  /· day 84, quarterturn status on 2026-02-10:\n/,
  /✓ no secret is older than its limit on day 84/,
  /✓ announced at 2026-02-1[01] \d\d:\d\dZ for 2026-02-11 \d\d:\d\dZ, started then and not before/,
  /· day 85, quarterturn status on 2026-02-11:\n.*SECRET.*\n.*pii +encryption +current +2026-02-11/,
  /✓ no secret is older than its limit on day 85/,
  /· day 180, quarterturn status on 2026-05-17:\n/,
  /✓ no secret is older than its limit on day 180/,
  /✓ AWSCURRENT did not move/,
  /✓ pharmacy_app_[ab] logs in, AWSCURRENT names it/,
  /· consumer billing: .*a sample invoice: 500; expected 200/,
  /✓ rolled back by itself: pharmacy_app_[ab] logs in with the password of before/,
  /✓ the pipeline redeployed 2025\.11\.1; billing is well again/,
  /✓ 48 hours later: the secret is on hold, and nothing has tried again/,
  new RegExp(`… \\d+ % of ${grouped(3 * rows + 576)} values`),
  /· as seen here, beside the traffic: [\d.]+ s, [\d,]+ values\/s, [\d,]+ rows\/s/,
  /✓ verification is green: every value was opened with [0-9a-f]{16} alone/,
  new RegExp(`✓ prescriptions: 0 medication, 0 dosage, 0 note of ${grouped(rows)}`),
  /✓ patients: 0 name, 0 ssn, 0 phone of 1[89]\d/,
  /✓ stored_credentials: 0 token of 36/,
  /✓ CHECK \(… LIKE 'qt1\.[0-9a-f]{16}\.%'\) of 7 columns: validated, dropped/,
  /✓ another rotation, asked for meanwhile, was refused: [\d,]+ values left/,
  /✓ 0 of [\d,]{4,} reads failed, all the while/,
  /✓ 0 of [\d,]{3,} updates are lost/,
  /✓ 0 of [\d,]{3,} requests failed, 99 % were answered within \d+ ms/,
  /✓ [\d,]{2,} logins; tokens under [3-9] keys accepted, [\d,]+ came to the end of their 30 days/,
  /✓ both ended in order; of [\d,]{3,} lines they wrote none holds a value/,
  /✓ \d+ of \d+ rotations of the year have their audit event; the report holds no value/,
  /open it in a browser: reports\/demo\.html/,
  /· both were proven dead \d+ s after its start/,
  /✓ the session of the stranger was ended/,
  /✓ the stolen password of pharmacy_app_[ab] is refused \(28P01\)/,
  /✓ a token signed by the stolen key [0-9a-f]{16} is refused by both instances/,
  /✓ the application is well: a login works, and what was sealed before opens/,
  /✓ the report names contractor, who read both, and holds no value/,
  /open it in a browser: reports\/incident\.html/,
];
