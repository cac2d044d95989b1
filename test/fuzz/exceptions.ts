/** Files that decode something and have no target of their own, each with where it is tried instead. */
export const withoutTarget: Readonly<Record<string, string>> = {
  'domain/policy/adoption.ts':
    'asks whether a resource policy is ours; what cannot be read is not (test/domain/policy/adoption.test.ts)',
  'doors/certificate-authorities.ts':
    'reads the bundle this package ships; a text of the deployment is refused at a handshake (items 48 of the corpus)',
  'doors/containment.ts':
    'a resource policy that is no JSON is an error of its own (test/doors/containment.test.ts)',
  'doors/github-secrets.ts': 'answers of GitHub (test/doors/github-secrets.test.ts)',
  'doors/kubernetes-api.ts': 'answers of a cluster (test/doors/kubernetes.test.ts)',
  'lambdas/emergency/incident.ts':
    'a document this function has written itself, in a bucket nobody else writes to',
  'lambdas/emergency/tasks/access-audit.ts':
    'progress that the task before has packed, 200,000 characters at most; the machine hands it on',
  'lambdas/reencryption/claim.ts': 'JSON that its own statement makes of a row of the ledger',
  'lambdas/reencryption/swap.ts': 'JSON that its own statement makes of numbers',
  'lambdas/sync/targets/webhook.ts':
    'the answer of a receiver; any other than the fingerprint is no confirmation (test/lambdas/sync)',
  'lambdas/user-managed/environment.ts': 'its schema is attacked with all the others',
  'cli/version.ts': "this package's own package.json",
  'cli/emergency/tell-end.ts': 'a report of this deployment; another form is printed as it is',
};
