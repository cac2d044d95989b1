/** The sentence that says, in words of people who use the application, which secret it is about. */

/** A line a kind, each the whole sentence; `rest`: how it goes on. */
export const ofKind = (rest: string, before = ''): string =>
  [
    ['jwt', 'The key that signs the sessions of {{application}} ({{environment}})'],
    [
      'encryption',
      'The key that encrypts stored personal data of {{application}} ({{environment}})',
    ],
    ['database', 'The password with which {{application}} ({{environment}}) reaches its database'],
    [
      'userManaged',
      'A key with which {{application}} ({{environment}}) uses the service of somebody else',
    ],
  ]
    .map(([kind, subject]) => `${before}{{if ${kind}}}${subject} ${rest}`)
    .join('\n');
