import type { RotationAuditEvent } from '../../domain/events/audit-event.ts';
import { rotationAuditEventSchema } from '../../domain/events/audit-event.ts';
import { present, prove } from '../proof.ts';
import type { Stage } from '../stage.ts';
import type { Chapter } from './chapter.ts';

const hour = 3_600_000;

export const rollback: Chapter = {
  id: 'rollback',
  title: 'A consumer is not well with the new password: everything goes back by itself',

  async run(stage, report) {
    const { sandbox, operator, application, consumers } = stage;
    const billing = present(consumers, 'the demo has consumers');
    const before = await application.credential('db');
    const since = sandbox.events().length;
    prove(await billing.billingWorks(), 'billing makes invoices');

    // Whatever restarts it next starts this release.
    billing.deploy({ tag: '2025.11.2', works: false });
    report.doing('RotateSecret, while a release of billing waits that makes no invoices');
    const failed = await operator.ask('db');
    await sandbox.clock.settle();

    const events = rotationsSince(stage, since);
    const stopped = present(
      events.find(({ versionId, outcome }) => versionId === failed && outcome === 'stopped'),
      'the rotation was stopped',
    );
    report.changed(`AfterRotation restarted billing, which was well before; it stopped there:`);
    // Up to the version that it was rolled back by.
    report.changed(
      present(stopped.reason, 'the proof says why').replace(/; rolled back by .*/, ''),
    );
    const rolledBack = present(
      events.find(({ intent, outcome }) => intent === 'rollback' && outcome === 'rotated'),
      'it was rolled back, and that went to its end',
    );
    const { current } = await operator.generation('db');
    prove(current === rolledBack.versionId, 'AWSCURRENT is the version of the rollback');
    const credential = await application.credential('db');
    prove(credential.username === before.username, 'the role of before is used again');
    prove(credential.password === before.password, 'with the password of before');
    await application.withDatabase(credential, (session) => session.query('SELECT 1'));
    report.proof(`rolled back by itself: ${before.username} logs in with the password of before`);

    prove(billing.redeployments === 1, 'the pipeline was asked once, by a signed webhook');
    prove(await billing.billingWorks(), 'billing makes invoices again');
    const releases = billing.started.slice(-2).map(({ tag }) => tag);
    report.proof(`the pipeline redeployed ${releases[1]}; billing is well again`);

    report.doing('48 hours go by');
    await sandbox.clock.advanceTo(new Date(sandbox.clock.now().getTime() + 47 * hour), 'last');
    await sandbox.clock.settle();
    await sandbox.clock.advanceTo(new Date(sandbox.clock.now().getTime() + hour), 'last');
    await sandbox.clock.settle();
    prove((await operator.generation('db')).current === current, 'nothing rotated it again');
    prove(rotationsSince(stage, since).length === events.length, 'nor tried to');
    const { secrets } = await operator.status();
    const held = secrets.find(({ key }) => key === 'db')?.hold;
    prove(held !== undefined, 'on-call sees that the secret is on hold');
    report.proof('48 hours later: the secret is on hold, and nothing has tried again');
  },
};

/** Of `db`, as the proofs on the bus tell them. */
function rotationsSince({ sandbox, operator }: Stage, since: number): RotationAuditEvent[] {
  const { name } = operator.secret('db');
  return sandbox
    .events()
    .slice(since)
    .filter((event) => event['detail-type'] === 'credential-secret-rotation')
    .map(({ detail }) => rotationAuditEventSchema.parse(detail))
    .filter(({ secret }) => secret.name === name);
}
