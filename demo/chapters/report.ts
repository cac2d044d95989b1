import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withControls } from '../../domain/reports/controls/controls.ts';
import type { RotationEntry } from '../../domain/reports/deployment-report.ts';
import { page } from '../../domain/reports/html/page.ts';
import { prove } from '../proof.ts';
import type { Stage } from '../stage.ts';
import type { Report } from '../terminal/scene.ts';

/** In the folder the demo is started in; git ignores it. The one of before is written over. */
const file = 'reports/demo.html';

export const theReport = {
  title: 'The report: what an auditor would ask for, with on-call’s rights',

  async run({ operator, guard }: Stage, report: Report): Promise<void> {
    report.doing('reading labels, records and the audit log; no value, no database');
    const told = withControls(await operator.report());
    const entries = told.secrets.flatMap(({ history }) => history);
    const rotations = entries.filter((entry): entry is RotationEntry => entry.type === 'rotation');
    const audited = rotations.filter(({ proof }) => proof === 'auditEvent');
    prove(told.auditLog.state === 'read', 'on-call may read the audit log');
    prove(told.auditLog.notUnderstood === 0, 'every line of the audit log is understood');
    prove(audited.length >= operator.rotatedSecrets().length, 'rotations have their audit events');
    const text = page(told);
    prove(guard.mask(text) === text, 'the report holds no value');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    report.proof(
      `${audited.length} of ${rotations.length} rotations of the year have their audit event; the report holds no value`,
    );
    report.changed(`open it in a browser: ${file}`);
  },
};
