/** Every function that an event, a schedule or a caller invokes: each call of each of its doors fails in seven ways. */
import { expect, test } from '@jest/globals';
import { type FunctionCase, functionScenario } from './function-runs.ts';
import { accessAudit } from './rooms/access-audit.ts';
import { cadence } from './rooms/cadence.ts';
import { certificatesRoom } from './rooms/certificates.ts';
import { drill } from './rooms/drill.ts';
import { fingerprints } from './rooms/fingerprints.ts';
import { github } from './rooms/github.ts';
import { health } from './rooms/health.ts';
import { notify } from './rooms/notify.ts';
import { rollBack } from './rooms/roll-back.ts';
import { starter } from './rooms/starter.ts';
import { sync } from './rooms/sync.ts';
import { triggers } from './rooms/triggers.ts';
import { watch } from './rooms/watch.ts';
import { knownSites, runMatrix } from './schedules.ts';

const rooms: Record<string, readonly FunctionCase[]> = {
  'access-audit': accessAudit,
  cadence,
  certificates: certificatesRoom,
  drill,
  fingerprints,
  github,
  health,
  notify,
  'roll-back': rollBack,
  starter,
  sync,
  triggers,
  watch,
};

test.each(Object.keys(rooms))(
  '%s ends as if nothing had failed, or says what failed',
  async (id) => {
    const { sites, bad, schedules } = await runMatrix({
      id,
      scenarios: (rooms[id] ?? []).map(functionScenario),
      short: 10,
      pairs: { short: 3, full: 500 },
    });
    expect(sites).toEqual(knownSites(id, sites));
    expect(bad.slice(0, 5).map((one) => one.slice(0, 2_000))).toEqual([]);
    expect(schedules).toBeGreaterThan(10);
  },
  300_000,
);
