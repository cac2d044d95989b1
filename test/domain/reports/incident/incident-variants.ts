/** The same emergency with a stage that failed, and as a drill. */
import type { EmergencySecretRecord } from '../../../../domain/events/emergency.ts';
import type { IncidentFacts } from '../../../../domain/reports/incident/facts.ts';
import {
  emergency,
  facts,
  id,
  minuteAt,
  place,
  secrets,
  stages,
  withSecret,
  withStage,
} from './incident-facts.ts';

export const failedStage: IncidentFacts = {
  ...withStage('start', {
    state: 'failed',
    evidence: [],
    reason: 'ERR_ROTATION_CONSUMER: api has not come back: 0 of 3 tasks run',
  }),
  secrets: withSecret('db', {
    state: 'promoted',
    provenAt: undefined,
    afterRotation: 'stopped: a session that does not end',
    evidence: [
      { fact: 'oldCredentialNotProvenDead', detail: { ...place, reason: 'sessionsLeft' } },
      {
        fact: 'oldCredentialRefused',
        detail: { ...place, host: 'pooler.internal', control: 'app_b' },
      },
    ],
  } as Partial<EmergencySecretRecord>).secrets,
  audit: { missing: 'ERR_ROTATION_AUDIT: the trail and LookupEvents both refused' },
};

export const drill: IncidentFacts = {
  ...facts,
  emergency: { ...emergency, drill: true, suspects: [], reason: 'quarterly' },
  stages: stages.map((one) => ({
    ...one,
    state: one.stage === 'report' ? 'running' : 'done',
    evidence:
      one.stage === 'stop'
        ? [
            { fact: 'rightsHeld', detail: { role: 'emergency', rights: 14 } },
            {
              fact: 'rightMissing',
              detail: {
                ok: false,
                role: 'emergency',
                action: 'ecs:UpdateService',
                resource: 'api',
                decision: 'implicitDeny',
              },
            },
          ]
        : [],
  })),
  secrets: secrets.map(({ id: of, key, name, kind, exposed }) => ({
    ...{ id: of, key, name, kind, exposed, attempts: 0, compromised: [] },
    state: kind === 'userManaged' ? ('person' as const) : ('checked' as const),
    evidence: kind === 'database' ? [{ fact: 'loginAccepted', detail: { role: 'app_a' } }] : [],
  })),
  drilled: {
    id,
    at: minuteAt('34:41'),
    outcome: 'findings',
    deadWithinSeconds: 210,
    overWithinSeconds: 1500,
    findings: 1,
  },
};
