/** Of the Trust Services Criteria (AICPA, TSP section 100, common criteria). */
import type { Control } from './control.ts';
import * as facts from './facts.ts';

const framework = 'SOC 2';
const source =
  'https://www.aicpa-cima.com/resources/download/2017-trust-services-criteria-with-revised-points-of-focus-2022';

export const soc2: readonly Control[] = [
  {
    framework,
    id: 'CC6.1',
    title: 'Logical access security: credentials and encryption keys are protected',
    source,
    supports:
      'Shows that secrets are inside their limits and encrypted at rest with a customer managed key.',
    look: (report) => [...facts.withinLimit(report), ...facts.customerKeys(report)],
  },
  {
    framework,
    id: 'CC6.3',
    title: 'Access is granted by role and with least privilege',
    source,
    supports:
      'Shows whom this deployment lets read each secret; not the rights given elsewhere in the account.',
    look: facts.readersNamed,
  },
  {
    framework,
    id: 'CC7.2',
    title: 'Anomalies are monitored and evaluated',
    source,
    supports: 'Shows writes outside of a rotation that were noticed in the period.',
    look: facts.writesNoticed,
  },
  {
    framework,
    id: 'CC7.4',
    title: 'Security incidents are responded to',
    source,
    supports:
      'Shows whom to call, when the list was last reviewed, and when an emergency was last practised; not what was done in an incident.',
    look: (report) => [...facts.contactsReviewed(report), ...facts.practised(report)],
  },
  {
    framework,
    id: 'CC8.1',
    title: 'Changes are authorised, documented and tested',
    source,
    supports: 'Shows who asked for each rotation, and that each left its audit event.',
    look: (report) => [...facts.attributed(report), ...facts.audited(report)],
  },
];
