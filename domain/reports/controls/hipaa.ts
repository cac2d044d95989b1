/** Of the HIPAA Security Rule (45 CFR part 164, subpart C): it sets no number of days, the deployment does. */
import type { Control } from './control.ts';
import * as facts from './facts.ts';

const framework = 'HIPAA Security Rule';
const section = (number: string) =>
  `https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-C/part-164/subpart-C/section-164.${number}`;

export const hipaa: readonly Control[] = [
  {
    framework,
    id: '164.308(a)(5)(ii)(D)',
    title: 'Password management',
    source: section('308'),
    supports:
      'Shows that credentials are changed within their limits, and that the new one was accepted and the old one refused.',
    look: (report) => [...facts.withinLimit(report), ...facts.credentialsProven(report)],
  },
  {
    framework,
    id: '164.308(a)(6)(ii)',
    title: 'Security incident procedures: response and reporting',
    source: section('308'),
    supports:
      'Shows whom to call, when the list was last reviewed, and when an emergency was last practised; not what was done in an incident.',
    look: (report) => [...facts.contactsReviewed(report), ...facts.practised(report)],
  },
  {
    framework,
    id: '164.312(a)(1)',
    title: 'Access control',
    source: section('312'),
    supports:
      'Shows whom this deployment lets read each secret; not the rights given elsewhere in the account.',
    look: facts.readersNamed,
  },
  {
    framework,
    id: '164.312(a)(2)(iv)',
    title: 'Encryption and decryption',
    source: section('312'),
    supports:
      'Shows the key each secret is encrypted with, and whether the rows of the database were proven to be under the current field-encryption key.',
    look: (report) => [...facts.customerKeys(report), ...facts.rowsProven(report)],
  },
  {
    framework,
    id: '164.312(b)',
    title: 'Audit controls',
    source: section('312'),
    supports:
      'Shows that each rotation of the period left its audit event. Reads of a value are recorded by CloudTrail, which is not read here.',
    look: facts.audited,
  },
  {
    framework,
    id: '164.312(c)(1)',
    title: 'Integrity',
    source: section('312'),
    supports:
      'Shows that every value still opened when rows moved to a new key, and how many did not.',
    look: facts.rowsProven,
  },
];
