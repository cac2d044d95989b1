/**
 * Five compliance packs over the stack: nothing is found that is not accepted, nothing is accepted that is not found,
 * and `docs/compliance.md` names each with its reason.
 */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { parseRotationConfig, type RotationConfig } from '../../domain/config/rotation-config.ts';
import { type Acknowledgement, acknowledgementsOf } from '../../lib/acknowledgements.ts';
import { QuarterturnStack } from '../../lib/quarterturn-stack.ts';
import example from '../../rotation.config.ts';
import { expectDocument } from '../document.ts';
import { everything } from './everything.ts';
import { withRooms } from './rooms.ts';

/**
 * What is asked of cdk-nag. Its own types name the CDK as a whole, every service of AWS: half of all that `npm run check`
 * would read.
 */
interface NagPack {
  validateScope(scope: IConstruct): {
    violations: readonly {
      ruleName: string;
      violatingResources?: readonly { constructPath?: string }[];
    }[];
  };
}
type PackName =
  | 'AwsSolutionsChecks'
  | 'HIPAASecurityChecks'
  | 'NIST80053R5Checks'
  | 'PCIDSS321Checks'
  | 'ServerlessChecks';
const nag: string = 'cdk-nag';
const {
  AwsSolutionsChecks,
  HIPAASecurityChecks,
  NIST80053R5Checks,
  PCIDSS321Checks,
  ServerlessChecks,
} = (await import(nag)) as Record<PackName, new () => NagPack>;

interface Finding {
  rule: string;
  /** Below the construct. */
  path: string;
}

interface Findings {
  /** Everything the packs object to. */
  all: Finding[];
  /** What is left when acknowledgements count. */
  open: Finding[];
  accepted: readonly Acknowledgement[];
}

const packs = [
  AwsSolutionsChecks,
  HIPAASecurityChecks,
  NIST80053R5Checks,
  PCIDSS321Checks,
  ServerlessChecks,
];

function findingsOf(config: RotationConfig, plant?: (stack: IConstruct) => void): Findings {
  return withRooms((lambdasDirectory, directory) => {
    const app = new App({ outdir: join(directory, 'cdk.out') });
    const stack = new QuarterturnStack(app, { config, configDirectory: '.', lambdasDirectory });
    plant?.(stack);
    const root = stack.quarterturn.node.path.length + 1;
    const found = (change: (pack: NagPack) => void) =>
      packs.flatMap((Pack) => {
        const pack = new Pack();
        change(pack);
        return pack.validateScope(stack).violations.flatMap(({ ruleName, violatingResources }) =>
          (violatingResources ?? []).map(({ constructPath }) => ({
            rule: ruleName,
            path: (constructPath ?? '').slice(root),
          })),
        );
      });
    return {
      all: found((pack) => Object.assign(pack, { isAcknowledged: () => false })),
      open: found(() => undefined),
      accepted: acknowledgementsOf(stack.quarterturn, config),
    };
  });
}

const bare = findingsOf(parseRotationConfig(example));
const placed = findingsOf(everything);

function acceptedBy({ accepted }: Findings, { rule, path }: Finding): readonly Acknowledgement[] {
  return accepted.filter(({ findings, at }) => findings.includes(rule) && at.test(path));
}

describe.each([
  ['the example', bare],
  ['the example with everything on', placed],
])('%s', (_, findings) => {
  test('has no finding that is not accepted with a reason', () => {
    expect(findings.open).toEqual([]);
  });

  test('has each finding accepted once', () => {
    expect(findings.all.filter((finding) => acceptedBy(findings, finding).length !== 1)).toEqual(
      [],
    );
  });
});

test('nothing is accepted that no pack objects to', () => {
  const all = [...bare.all, ...placed.all];
  const stale = placed.accepted.flatMap(({ findings, at }) =>
    findings.filter((rule) => !all.some((it) => it.rule === rule && at.test(it.path))),
  );
  expect(stale).toEqual([]);
});

test('docs/compliance.md names every accepted finding, where it is, and why', () => {
  expectDocument(
    'docs/compliance.md',
    compliancePage(placed.accepted, [...bare.all, ...placed.all]),
  );
});

function compliancePage(accepted: readonly Acknowledgement[], all: readonly Finding[]): string {
  const rows = accepted.flatMap(({ findings, at, reason }) =>
    findings.map((rule) => {
      const paths = all
        .filter((it) => it.rule === rule && at.test(it.path))
        .map(({ path }) => path);
      const where = [...new Set(paths)].sort().map((path) => `\`${path}\``);
      return `| ${rule.replaceAll('*', '\\*')} | ${where.join('<br>')} | ${reason} |`;
    }),
  );
  return `# Compliance packs

The stack is checked by five packs of [cdk-nag](https://github.com/cdklabs/cdk-nag): AWS Solutions, HIPAA Security, NIST 800-53 R5, PCI DSS 3.2.1 and Serverless. Nothing is found but what stands in this table. Each line is recorded on the construct it is about (\`lib/acknowledgements.ts\`), so that a team that runs the packs over its own app meets no finding of Quarterturn's. Paths are those of the example configuration, as it is and with everything on (network, break-glass role, bootstrap, contacts), below the construct. \`test/lib/compliance.test.ts\` compares findings and table exactly, in both directions.

| finding | where | accepted because |
|---|---|---|
${rows.join('\n')}
`;
}
