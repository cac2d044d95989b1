/** What CloudFormation would refuse, found before it is asked: its resource schemas, and cfn-lint where there is one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CloudFormationValidatePlugin, type IPolicyValidationContext } from 'aws-cdk-lib/core';
import example from '../../rotation.config.ts';
import { everything } from './everything.ts';
import { type Resource, synthesize } from './synthesized.ts';

const templates = { example: synthesize(example), everything: synthesize(everything) };
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'quarterturn-template-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function written(name: string, template: object): string {
  const path = join(directory, `${name}.template.json`);
  writeFileSync(path, JSON.stringify(template));
  return path;
}

/** A property of the wrong type, and one that there is not. */
function planted(): object {
  const template = structuredClone(templates.example.template);
  const found = Object.values(template.Resources as Record<string, Resource>).find(
    ({ Type }) => Type === 'AWS::Lambda::Function',
  );
  Object.assign(found?.Properties, { Timeout: 'soon', Nonsense: 1 });
  return template;
}

/** Of all templates at once: to read the schemas takes the validator longer than to apply them. */
function violations(all: Readonly<Record<string, object>>): string[] {
  const stackTemplates = Object.entries(all).map(([name, template]) => ({
    ...{ templatePath: written(name, template), stackConstructPath: name, region: 'eu-west-1' },
  }));
  const context = { stackTemplates } as unknown as IPolicyValidationContext;
  return new CloudFormationValidatePlugin()
    .validate(context)
    .violations.flatMap(({ ruleName, description, violatingResources }) =>
      violatingResources.map(
        ({ templatePath }) => `${basename(templatePath ?? '')} ${ruleName} ${description}`,
      ),
    );
}

test('the templates fit the schemas of their resources; a property that CloudFormation does not know is found', () => {
  // The example with what is planted is the example: only that is found in it.
  const found = violations({
    everything: templates.everything.template,
    planted: planted(),
  });
  expect(found).toEqual([
    expect.stringMatching(/^planted\.template\.json .*Nonsense/),
    expect.stringMatching(/^planted\.template\.json .*Timeout/),
  ]);
});

// A Python that reads all schemas once more: with `npm run proof`.
const fullTest = process.env.PROOF === 'full' ? test : test.skip;
fullTest(
  'the template with everything on has no error of cfn-lint, where it is installed',
  () => {
    const path = written('lint', templates.everything.template);
    const lint = spawnSync('cfn-lint', ['--non-zero-exit-code', 'error', path], {
      timeout: 60_000,
    });
    if (lint.error !== undefined) {
      console.info('cfn-lint is not installed: the template was not linted with it');
      return;
    }
    expect(lint.status === 0 ? '' : `${lint.stdout}${lint.stderr}`).toBe('');
  },
  60_000,
);
