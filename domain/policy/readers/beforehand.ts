/** What a later "who read it" would lack, told before anybody has to ask. */

export interface Beforehand {
  readonly code: 'noTrail';
  readonly level: 'warns';
  readonly message: string;
}

/** @param hasTrail undefined: the deployment is older than the access audit, and has none */
export function accessAuditFindings(hasTrail: boolean | undefined): Beforehand[] {
  if (hasTrail !== false) return [];
  return [
    {
      code: 'noTrail',
      level: 'warns',
      message:
        'No trail is configured. If a secret is exposed, who read it is asked of event history: its last 90 days, two requests a second, so the newest 35,000 reads of the whole account and region; versions that were read from a replica stay unknown. A trail with management events of both sorts (docs/access-audit.md, trail in rotation.config.ts) answers for as long as its files are kept.',
    },
  ];
}
